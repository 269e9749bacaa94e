import { RelayError } from '@postern/protocol'
import type { CarrierPool } from '../carrier-pool.ts'
import { StreamConnection } from './stream-connection.ts'
import { encodeStreamContext } from './stream-context.ts'

/** The far end dials its target before it answers; beyond this it is stuck. */
const answerTimeoutMs = 30_000

/** What {@link openStream} opens. */
export interface OpenStreamOptions {
  readonly target: string
  readonly kind: 'tcp' | 'udp'
  readonly client: string | undefined
  /** Resets the stream as long as it is not settled. */
  readonly signal: AbortSignal
}

/** A stream that is on its way. */
export interface OpenedStream {
  readonly connection: StreamConnection
  /** Resolves when the target is there; rejects with a RelayError, or the signal's reason. */
  readonly settled: Promise<void>
}

/**
 * Opens a stream in a pool.
 *
 * @throws {RelayError} ServerBusy when the pool has as many streams as it may.
 */
export function openStream(pool: CarrierPool, options: OpenStreamOptions): OpenedStream {
  const { target, kind, client, signal } = options
  const trackingId = crypto.randomUUID()
  const connection = new StreamConnection({ trackingId, cutCode: 'cancelled' })
  const context = encodeStreamContext({ trackingId, client })
  const stream = pool.open({ handler: connection, target, kind, context })
  if (!stream) throw new RelayError('ServerBusy', { message: 'Too many streams of this hybrid connection at a time' })
  connection.attach(stream)
  connection.listenerId = pool.listenerId
  const settled = new Promise<void>((resolve, reject) => {
    let reason: Error | undefined
    const giveUp = (why: Error): void => {
      reason = why
      stream.reset('cancelled')
    }
    const onAbort = (): void => giveUp(signal.reason as Error)
    const timer = setTimeout(
      () =>
        giveUp(new RelayError('TargetUnreachable', { message: 'The far end has not answered in time', trackingId })),
      answerTimeoutMs,
    )
    signal.addEventListener('abort', onAbort)
    connection.onceSettled((error) => {
      clearTimeout(timer)
      connection.listenerId = pool.listenerId
      signal.removeEventListener('abort', onAbort)
      const problem = reason ?? error
      if (problem) reject(problem)
      else resolve()
    })
    if (signal.aborted) onAbort()
  })
  return { connection, settled }
}
