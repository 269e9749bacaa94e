import type { EstateMeasurement } from '../management/measure-estate.ts'

/** One relay with so many hybrid connections, once. */
export interface EntitySample {
  readonly entities: number
  /** From the start of the process to its first word about being ready. */
  readonly readyMs: number
  readonly readyCpuMs: number
  /** Proportional set size when it is ready. */
  readonly memoryBytes: number
  /** A request through the data door by a sender that may: authorised, and told that nobody listens. */
  readonly senderP50Ms: number
  readonly senderP99Ms: number
  /** CPU time of the decision alone. */
  readonly signatureUs: number
  readonly bearerUs: number
}

/** What the management benchmark measures, as far as it is part of the curve. */
export function toEntitySample(entities: number, measured: EstateMeasurement): EntitySample {
  const { readyMs, readyCpuMs, memoryBytes, calls, decisions } = measured
  const { p50Ms: senderP50Ms, p99Ms: senderP99Ms } = calls.sender
  return { entities, readyMs, readyCpuMs, memoryBytes, senderP50Ms, senderP99Ms, ...decisions }
}
