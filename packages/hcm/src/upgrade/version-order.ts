const form = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-([0-9A-Za-z.-]+))?$/

/** True for a version such as 1.2.3 or 1.2.3-rc.1. */
export function isVersion(text: string): boolean {
  return form.test(text)
}

/** Which of two versions is newer, as semver.org says: negative when the first one is older. */
export function compareVersions(first: string, second: string): number {
  const [a, b] = [form.exec(first) ?? [], form.exec(second) ?? []]
  for (const part of [1, 2, 3]) {
    const difference = Number(a[part]) - Number(b[part])
    if (difference !== 0) return difference
  }
  const [before, after] = [a[4], b[4]]
  if (before === undefined || after === undefined) return Number(before === undefined) - Number(after === undefined)
  return comparePreReleases(before.split('.'), after.split('.'))
}

/** semver.org 11.4: numbers below words, fewer below more. */
function comparePreReleases(first: readonly string[], second: readonly string[]): number {
  for (const [index, a] of first.entries()) {
    const b = second[index]
    if (b === undefined) return 1
    if (a === b) continue
    const [isNumber, isOtherNumber] = [/^\d+$/.test(a), /^\d+$/.test(b)]
    if (isNumber && isOtherNumber) return Number(a) - Number(b)
    if (isNumber !== isOtherNumber) return isNumber ? -1 : 1
    return a < b ? -1 : 1
  }
  return first.length - second.length
}
