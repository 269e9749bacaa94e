/** Ports from `first` to `last`, both of them in it. */
export interface PortRange {
  readonly first: number
  readonly last: number
  /** Written as `*`: means nothing without an allow-list. */
  readonly isAll?: boolean
}

const highestPort = 65_535

/** Reads `8000-8100` or `*`; undefined when the text is neither. */
export function parsePortRange(text: string): PortRange | undefined {
  if (text === '*') return { first: 1, last: highestPort, isAll: true }
  const [, from, to] = /^([0-9]{1,5})-([0-9]{1,5})$/.exec(text) ?? []
  if (from === undefined || to === undefined) return undefined
  const [first, last] = [Number(from), Number(to)]
  return first >= 1 && first <= last && last <= highestPort ? { first, last } : undefined
}

/** Reads one port, `lowest` to 65535; undefined when it is none. */
export function parsePort(text: string, lowest: number): number | undefined {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : Number.NaN
  return port >= lowest && port <= highestPort ? port : undefined
}

/** The range as it is typed. */
export function formatPortRange({ first, last, isAll = false }: PortRange): string {
  return isAll ? '*' : `${first}-${last}`
}
