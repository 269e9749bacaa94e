/** One step on the way from a program to the service that it means. */
export interface Hop {
  /** What was tried, in the order of the way. */
  readonly name: 'name' | 'local port' | 'relay name' | 'relay TCP' | 'relay TLS' | 'listener' | 'stream' | 'far end'
  /** `unknown`: nobody can say; `skipped`: not on this way. */
  readonly result: 'ok' | 'failed' | 'unknown' | 'skipped'
  /** Undefined where nothing was waited for. */
  readonly ms?: number
  /** What was found, or what is wrong. */
  readonly message: string
  readonly whatToDo?: string
}

/** Everything that is known of a way. */
export interface PingReport {
  /** `host:port` as it is configured. */
  readonly endpoint: string
  readonly hops: readonly Hop[]
  /** Whether the service at the far end answers. */
  readonly result: 'answers' | 'fails' | 'unknown'
}

/** Puts hops together; the first that fails decides, else the last. */
export function reportOf(endpoint: string, hops: readonly Hop[]): PingReport {
  const isFailed = hops.some(({ result }) => result === 'failed')
  const last = hops.at(-1)
  const result = isFailed ? 'fails' : last?.name === 'far end' && last.result === 'ok' ? 'answers' : 'unknown'
  return { endpoint, hops, result }
}

/** Milliseconds since a moment, with a tenth: hops of this machine take less than one. */
export function since(startedAt: number): number {
  return Math.round((performance.now() - startedAt) * 10) / 10
}
