/** An element with a text in it; `name` is ours, the text may be anybody's. */
export function element(name: string, text: string): string {
  return `<${name}>${escapeXml(text)}</${name}>`
}

/**
 * Writes a text so that a parser reads the same one, in content and in attributes. Line ends and tabs are written as
 * references, which keeps them from being normalised (XML 1.0 sections 2.11 and 3.3.3). Characters that XML cannot hold at
 * all (section 2.2) become U+FFFD.
 */
export function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(notXml, '\uFFFD')
    .replace(/[&<>"'\t\n\r]/g, (character) => references.get(character) ?? `&#${character.charCodeAt(0)};`)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const notXml = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g

const references: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&apos;'],
])
