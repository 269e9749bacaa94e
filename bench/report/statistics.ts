/** Median and range of some runs. */
export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
  readonly count: number
}

/** Median, least and most of at least one value; undefined for none. */
export function toSpread(values: readonly number[]): Spread | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  const least = sorted[0]
  const most = sorted.at(-1)
  if (least === undefined || most === undefined) return undefined
  const upper = sorted[Math.floor(sorted.length / 2)] ?? most
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? least
  return { median: (upper + lower) / 2, least, most, count: sorted.length }
}

/** `12.3 [11.9-14.0]`, or with a sign `12.3x [11.9-14.0]`; without a range when there was one run. */
export function formatSpread(spread: Spread, decimals: number, sign = ''): string {
  const format = (value: number): string => value.toFixed(decimals)
  const range = `${format(spread.least)}-${format(spread.most)}`
  const median = `${format(spread.median)}${sign}`
  return spread.count === 1 ? median : `${median} [${range}]`
}
