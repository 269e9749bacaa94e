/** One character in percent-encoded UTF-8, RFC 3629 section 4; what looks like one but is not is left to the decoder. */
const encodedCharacter =
  /%[0-7][0-9a-f]|%[cd][0-9a-f]%[89ab][0-9a-f]|%e[0-9a-f](?:%[89ab][0-9a-f]){2}|%f[0-7](?:%[89ab][0-9a-f]){3}/gi

/**
 * Decodes percent-encoded UTF-8 once. Escapes that are no UTF-8, and those of characters that `keep` names, stay as they
 * were written; nothing throws.
 */
export function decodePercent(text: string, keep?: (character: string) => boolean): string {
  if (!text.includes('%')) return text
  return text.replaceAll(encodedCharacter, (escape) => {
    const character = decodeCharacter(escape)
    return character === undefined || keep?.(character) ? escape : character
  })
}

/** Decodes a form-encoded name or value: `+` is a space. HTML, "application/x-www-form-urlencoded parsing". */
export function decodeForm(text: string): string {
  return decodePercent(text.replaceAll('+', ' '))
}

/** Overlong forms and surrogates match the pattern but are no characters. */
function decodeCharacter(escape: string): string | undefined {
  try {
    return decodeURIComponent(escape)
  } catch {
    return undefined
  }
}

/**
 * Percent-encodes what no path may hold (RFC 3986 section 3.3), and leaves everything else as typed: the Java client
 * ends its control channel over an address that breaks this rule (observed).
 */
export function toUriPath(text: string): string {
  return encodeAll(text, /%(?![0-9a-f]{2})|[^\w.~!$&'()*+,;=:@/%-]/giu)
}

/** The same for a query (RFC 3986 section 3.4). `[` and `]` stay: many send them, every client takes them. */
export function toUriQuery(text: string): string {
  return encodeAll(text, /%(?![0-9a-f]{2})|[^\w.~!$&'()*+,;=:@/?[\]%-]/giu)
}

/**
 * Characters up to U+00FF are bytes: that is how HTTP parsers hand over a request line. A text with others did not come
 * from one and is encoded as the Unicode that it is.
 */
function encodeAll(text: string, pattern: RegExp): string {
  const isBytes = !/[^\u{0}-\u{ff}]/u.test(text)
  return text.replaceAll(pattern, (character) =>
    isBytes ? encodeByte(character.charCodeAt(0)) : encodeURIComponent(character.toWellFormed()),
  )
}

function encodeByte(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
}
