/** Characters of a text that a stranger may have written. */
const defaultMaxLength = 300

/** Makes such a text fit for a log field: one line of bounded length, no control characters, which terminals might obey. */
export function toLogText(text: string, maxLength: number = defaultMaxLength): string {
  const line = text.slice(0, maxLength + 1).replaceAll(/[\p{Cc}\u{2028}\u{2029}]+/gu, ' ')
  return line.length <= maxLength ? line : `${line.slice(0, maxLength)}...`
}
