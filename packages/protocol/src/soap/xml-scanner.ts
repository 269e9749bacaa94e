/** What is wrong with the XML, in words for the sender. */
export class XmlProblem extends Error {}

/** One piece of XML; offsets are bytes. */
export type XmlPiece =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'start'
      /** As written, with its prefix. */
      readonly name: string
      readonly isEmpty: boolean
      readonly start: number
      readonly attributes: ReadonlyMap<string, string>
    }
  | { readonly kind: 'end'; readonly name: string; readonly end: number }

const attribute = /\s+([^\s=<>"'/]+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y
const startName = /<([^\s=<>"'/!?&]+)/y
const startEnd = /\s*(\/?)>/y
const endTag = /<\/([^\s=<>"'/!?&]+)\s*>/y

/**
 * Reads the beginning of an XML text piece by piece, in time that grows with its length: tags, text, CDATA as text. Comments are
 * skipped. Document types, entities of their own and processing instructions are a problem, and so is the end of the bytes.
 */
export class XmlScanner {
  readonly #text: string
  #at = 0

  /** @param bytes UTF-8; what is beyond ASCII is no markup, so that every character is a byte here */
  constructor(bytes: Uint8Array) {
    this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
    if (this.#text.startsWith('\u00ef\u00bb\u00bf')) this.#at = 3
    this.#skipDeclaration()
  }

  /** @throws {XmlProblem} */
  next(): XmlPiece {
    for (;;) {
      const text = this.#text
      const at = this.#at
      if (at >= text.length) throw new XmlProblem('it ends too early')
      if (text[at] !== '<') return this.#textPiece()
      if (text.startsWith('<!--', at)) this.#at = this.#find('-->', at + 4)
      else if (text.startsWith('<![CDATA[', at)) {
        this.#at = this.#find(']]>', at)
        return { kind: 'text', text: text.slice(at + 9, this.#at - 3).replaceAll('&', '&amp;') }
      } else if (text.startsWith('<!', at)) throw new XmlProblem('it has a document type')
      else if (text.startsWith('<?', at)) throw new XmlProblem('it has a processing instruction')
      else return text.startsWith('</', at) ? this.#endPiece() : this.#startPiece()
    }
  }

  #textPiece(): XmlPiece {
    const from = this.#at
    const to = this.#text.indexOf('<', from)
    this.#at = to === -1 ? this.#text.length : to
    return { kind: 'text', text: this.#text.slice(from, this.#at) }
  }

  #startPiece(): XmlPiece {
    const start = this.#at
    const name = this.#match(startName)?.[1]
    if (name === undefined) throw this.#broken('a tag')
    const attributes = new Map<string, string>()
    for (;;) {
      const found = this.#match(attribute)
      if (!found) break
      const [, key = '', double, single = ''] = found
      if (attributes.has(key)) throw new XmlProblem('it has an attribute twice')
      attributes.set(key, double ?? single)
    }
    const end = this.#match(startEnd)
    if (!end) throw this.#broken('a tag')
    return { kind: 'start', name, isEmpty: end[1] === '/', start, attributes }
  }

  #endPiece(): XmlPiece {
    const name = this.#match(endTag)?.[1]
    if (name === undefined) throw this.#broken('an end tag')
    return { kind: 'end', name, end: this.#at }
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)
    if (!found) return undefined
    this.#at = pattern.lastIndex
    return found
  }

  #find(what: string, from: number): number {
    const at = this.#text.indexOf(what, from)
    if (at === -1) throw new XmlProblem('it ends too early')
    return at + what.length
  }

  #broken(what: string): XmlProblem {
    return new XmlProblem(this.#text.indexOf('>', this.#at) === -1 ? 'it ends too early' : `${what} is not well-formed`)
  }

  #skipDeclaration(): void {
    if (!/^<\?xml\s/.test(this.#text.slice(this.#at, this.#at + 6))) return
    const end = this.#find('?>', this.#at)
    const encoding = /\sencoding\s*=\s*["']([^"']*)["']/.exec(this.#text.slice(this.#at, end))?.[1]
    if (encoding !== undefined && !/^(?:utf-8|us-ascii)$/i.test(encoding)) throw new XmlProblem('it is not UTF-8')
    this.#at = end
  }
}
