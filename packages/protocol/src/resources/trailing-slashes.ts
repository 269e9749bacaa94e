/** The text without the slashes at its end. Not by `/\/+$/`: that takes the square of the slashes that stand elsewhere. */
export function withoutTrailingSlashes(text: string): string {
  let end = text.length
  while (text[end - 1] === '/') end -= 1
  return text.slice(0, end)
}
