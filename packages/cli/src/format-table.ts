/** Lines up cells under their titles, two spaces apart; nothing is padded at the end of a line. */
export function formatTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [titles, ...rows].map((cells) => cells.map(toPrintable))
  const widths = titles.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)))
  return lines
    .map((cells) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .map((line) => `${line.trimEnd()}\n`)
    .join('')
}

/** JSON on one line that no terminal obeys: JSON itself leaves DEL, C1 controls and line separators as they are. */
export function formatJsonLine(value: unknown): string {
  const text = JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return `${text}\n`
}

/** A log that somebody changed may hold anything. */
function toPrintable(text: string): string {
  return text.replaceAll(/[\p{Cc}\u{2028}\u{2029}]/gu, '?')
}
