const durationUnits: ReadonlyMap<string, number> = new Map([
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
])

const byteUnits: ReadonlyMap<string, number> = new Map([
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
  ['GB', 1e9],
  ['MB', 1e6],
  ['kB', 1e3],
  ['B', 1],
])

/**
 * Reads a duration such as `250ms`, `30s`, `1m30s`, `1.5h`, `2d` as whole milliseconds; `undefined` when it is none. A
 * number without a unit is refused (except 0): seconds and milliseconds are too easily mistaken for each other.
 */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0
  if (!/^(?:\d+(?:\.\d+)?(?:d|h|ms|m|s))+$/.test(text)) return undefined
  let total = 0
  for (const [, digits, unit] of text.matchAll(/(\d+(?:\.\d+)?)(d|h|ms|m|s)/g)) {
    total += Number(digits) * (durationUnits.get(unit ?? '') ?? Number.NaN)
  }
  const rounded = Math.round(total)
  return Number.isSafeInteger(rounded) ? rounded : undefined
}

/** Reads a size such as `4096`, `64KiB`, `1.5MiB` or `10MB` as whole bytes; `undefined` when it is none. */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(GiB|MiB|KiB|GB|MB|kB|B)?$/.exec(text)
  if (match === null) return undefined
  const total = Number(match[1]) * (byteUnits.get(match[2] ?? 'B') ?? Number.NaN)
  return Number.isSafeInteger(total) ? total : undefined
}

/** Writes milliseconds in the largest unit that leaves a whole number: 300000 is `5m`. */
export function formatDuration(ms: number): string {
  return ms === 0 ? '0s' : formatQuantity(ms, durationUnits)
}

/** Writes bytes in the largest binary unit that leaves a whole number: 65536 is `64KiB`. */
export function formatBytes(bytes: number): string {
  const binary = new Map([...byteUnits].filter(([unit]) => unit === 'B' || unit.endsWith('iB')))
  return bytes === 0 ? '0B' : formatQuantity(bytes, binary)
}

function formatQuantity(amount: number, units: ReadonlyMap<string, number>): string {
  for (const [unit, size] of units) {
    if (amount % size === 0) return `${amount / size}${unit}`
  }
  return String(amount)
}
