import type { Hop } from './hop-table.ts'

/** `warning`: it works, but somebody should look. `skipped`: not checked, and why. */
export type HopState = 'ok' | 'warning' | 'failed' | 'skipped'

/** What a check saw. */
export interface Finding {
  readonly state: HopState
  /** One sentence, without secrets. */
  readonly seen: string
  /** What to do; there is one unless it is ok. */
  readonly fix?: string
}

/** What became of one hop. */
export interface HopResult extends Finding {
  readonly hop: Hop
  readonly ms: number
}

/** All hops to one thing. */
export interface DoctorReport {
  /** What was looked at: `namespace/name`. */
  readonly subject: string
  readonly hops: readonly HopResult[]
}

export function fine(seen: string): Finding {
  return { state: 'ok', seen }
}

export function doubtful(seen: string, fix: string): Finding {
  return { state: 'warning', seen, fix }
}

export function broken(seen: string, fix: string): Finding {
  return { state: 'failed', seen, fix }
}

export function notChecked(seen: string): Finding {
  return { state: 'skipped', seen }
}
