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
}

/**
 * Opens a stream in a pool; `onceSettled` tells when its target is there.
 *
 * @throws {RelayError} ServerBusy when the pool has as many streams as it may.
 */
export function openStream(pool: CarrierPool, { target, kind, client }: OpenStreamOptions): StreamConnection {
  const trackingId = crypto.randomUUID()
  const connection = new StreamConnection({ trackingId, cutCode: 'cancelled', listener: pool })
  const context = encodeStreamContext({ trackingId, client })
  const stream = pool.open({ handler: connection, target, kind, context, answerTimeoutMs })
  if (!stream) throw new RelayError('ServerBusy', { message: 'Too many streams of this hybrid connection at a time' })
  connection.attach(stream)
  return connection
}

/**
 * Resolves when the target of a stream is there.
 *
 * @param signal cuts the stream.
 * @throws {RelayError} why there is no way to it; the signal's reason when it was aborted.
 */
export function settled(connection: StreamConnection, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => connection.abort()
    signal.addEventListener('abort', onAbort)
    connection.onceSettled((error) => {
      signal.removeEventListener('abort', onAbort)
      if (signal.aborted) reject(signal.reason)
      else if (error) reject(error)
      else resolve()
    })
    if (signal.aborted) onAbort()
  })
}
