/** Paths of a site that are ours: none of them reaches the target. */
export const ownPathPrefix = '/.postern/'

/** Longer ones make a cookie that browsers drop; the visit starts at the front page then. */
const maxLength = 2048

/**
 * Where a browser goes after the sign-in: path and query of this same site.
 * @returns undefined for what leads elsewhere, `//evil.test` and `/\evil.test` among it
 */
export function returnPathOf(text: string): string | undefined {
  // Browsers leave out tabs and line ends, and take a backslash for a slash.
  if (!/^\/(?![/\\])[^\p{Cc}\\]*$/u.test(text)) return undefined
  if (text.length > maxLength) return '/'
  const base = 'https://site.invalid'
  const { origin, pathname, search } = new URL(text, base)
  // Dots may have led to two slashes.
  if (origin !== base || pathname.startsWith('//')) return undefined
  // Signed in, nobody wants to sign in or out again.
  return pathname.startsWith(ownPathPrefix) ? '/' : pathname + search
}
