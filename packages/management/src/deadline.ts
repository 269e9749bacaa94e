import { ManagementError } from './management-error.ts'

/** How a call may be cut short. */
export interface Deadline {
  readonly signal?: AbortSignal
  readonly timeoutMs?: number
}

/**
 * Runs something that must end: with the caller's signal, or after a time as DeadlineExceeded.
 * @throws {ManagementError} DeadlineExceeded
 */
export async function withDeadline<Result>(
  { signal, timeoutMs = defaultTimeoutMs }: Deadline,
  run: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  signal?.throwIfAborted()
  const stop = new AbortController()
  const timer = setTimeout(() => {
    stop.abort(new ManagementError('DeadlineExceeded', { message: `The relay did not answer within ${timeoutMs} ms` }))
  }, timeoutMs)
  const forward = (): void => stop.abort(signal?.reason)
  signal?.addEventListener('abort', forward, { once: true })
  try {
    return await run(stop.signal)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', forward)
  }
}

/** A call without retries takes milliseconds; four retries of the relay's asking take half of this. */
const defaultTimeoutMs = 60_000
