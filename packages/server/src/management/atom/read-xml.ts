import { RelayError } from '@postern/protocol'
import { SaxesParser, type SaxesTagNS } from 'saxes'
import { instanceNamespace } from './atom-namespaces.ts'

/** An element of a document that was read whole. */
export interface XmlElement {
  /** Namespace name; empty for none. */
  readonly uri: string
  readonly local: string
  /** Local names of attributes of XML Schema instances (`type`, `nil`) and their values. */
  readonly instance: ReadonlyMap<string, string>
  readonly children: XmlElement[]
  text: string
}

/** An entry with twelve rules has eight levels and fewer than 200 elements. */
const maxDepth = 16
const maxElements = 500

/**
 * Reads a small document of a stranger: strictly well-formed XML 1.0 in UTF-8, with namespaces, without a document type, so
 * that nothing is ever expanded or fetched.
 * @throws {RelayError} RequestContentInvalid saying where it goes wrong, never what stands there: bodies hold keys
 */
export function readXml(bytes: Uint8Array): XmlElement {
  const reader = new TreeReader()
  const parser = new SaxesParser({ xmlns: true, defaultXMLVersion: '1.0', forceXMLVersion: true })
  parser.on('doctype', () => refuse('may not have a document type (DOCTYPE)'))
  parser.on('opentag', (tag) => reader.open(tag))
  parser.on('text', (text) => reader.text(text))
  parser.on('cdata', (text) => reader.text(text))
  parser.on('closetag', () => reader.close())
  parser.on('error', ({ message }) => {
    const place = /^\d{1,6}:\d{1,6}/.exec(message)?.[0]
    refuse(`is not well-formed XML${place === undefined ? '' : ` at ${place}`}`)
  })
  parser.write(decode(bytes)).close()
  return reader.root ?? refuse('has no element')
}

class TreeReader {
  root: XmlElement | undefined
  readonly #open: XmlElement[] = []
  #count = 0

  open(tag: SaxesTagNS): void {
    this.#count += 1
    if (this.#count > maxElements) refuse(`has more than ${maxElements} elements`)
    if (this.#open.length === maxDepth) refuse(`is nested deeper than ${maxDepth} levels`)
    const element: XmlElement = { uri: tag.uri, local: tag.local, instance: instanceOf(tag), children: [], text: '' }
    this.#open.at(-1)?.children.push(element)
    this.root ??= element
    this.#open.push(element)
  }

  text(text: string): void {
    const element = this.#open.at(-1)
    if (element) element.text += text
  }

  close(): void {
    this.#open.pop()
  }
}

function instanceOf({ attributes }: SaxesTagNS): ReadonlyMap<string, string> {
  const ours = Object.values(attributes).filter(({ uri }) => uri === instanceNamespace)
  return new Map(ours.map(({ local, value }) => [local, value]))
}

/** A declared encoding is not believed: .NET programs write `utf-16` into texts that they send as UTF-8. */
function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return refuse('is not UTF-8')
  }
}

function refuse(problem: string): never {
  throw new RelayError('RequestContentInvalid', { message: `The body ${problem}` })
}
