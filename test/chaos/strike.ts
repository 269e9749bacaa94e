import type { TunnelRecovery } from './tunnel-probe.ts'

/** Clocks of two processes, and events that were on their way. */
const slackMs = 250

/** Kills with one recovery. */
export interface Strike {
  readonly victims: readonly string[]
  readonly killedAtMs: number
  readonly recoveredAtMs: number
  readonly recovery: TunnelRecovery
  /** What the bound is stretched by: time that the machine withheld, and the loading of a program that says no word. */
  readonly allowanceMs: number
}

/** True when one of these programs, by default any, was away during that time. */
export function overlaps(
  { openedAtMs, endedAtMs }: { readonly openedAtMs: number; readonly endedAtMs: number },
  strikes: readonly Strike[],
  names?: readonly string[],
): boolean {
  return strikes.some(
    ({ victims, killedAtMs, recoveredAtMs }) =>
      (names === undefined || victims.some((victim) => names.includes(victim))) &&
      openedAtMs <= recoveredAtMs + slackMs &&
      endedAtMs >= killedAtMs - slackMs,
  )
}
