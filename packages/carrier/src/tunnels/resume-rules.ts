import type { CarrierLimits } from '../carrier-limits.ts'

/** How long, and with how much on the way, streams in carriers outlive a relayed connection. */
export interface ResumeRules {
  /** How long a stream waits for another carrier before it is cut, in ms. The shorter one of both ends counts. Default 60 s. */
  readonly timeoutMs?: number | undefined
  /**
   * What each direction of a stream may keep until the other end has confirmed it, in bytes: at least 64 KiB, with which it
   * begins. Less makes one stream slower on long paths. Default 16 MiB.
   */
  readonly bufferBytes?: number | undefined
}

/** The limits of a session that keeps to the rules. */
export function limitsOf({ timeoutMs, bufferBytes }: ResumeRules = {}): Partial<CarrierLimits> {
  return {
    ...(timeoutMs !== undefined && { resumeTimeoutMs: timeoutMs }),
    ...(bufferBytes !== undefined && { maxReplayBytes: bufferBytes }),
  }
}
