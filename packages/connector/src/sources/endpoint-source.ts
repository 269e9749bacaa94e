import type { RouteSpec } from '../routes/route-spec.ts'

/** Says which endpoints a connector has, and when that changes. */
export interface EndpointSource {
  /** Who is asked, for people. */
  readonly subject: string
  readonly specs: readonly RouteSpec[]
  /** What is wrong, and what to do; empty when nothing is. */
  readonly problems: readonly string[]
  /** True when there is an answer, good or bad. */
  readonly isSettled: boolean
  /** Begins to watch. Never fails: what does not work now may work later. `onChange` may be called at any time. */
  start(onChange: () => void): void
  /** Asks once. Never fails. */
  refresh(signal: AbortSignal): Promise<void>
  stop(): Promise<void>
}
