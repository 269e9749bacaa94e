import type { TunnelConnection } from '@postern/carrier'
import { RelayError } from '@postern/protocol'
import { postgresTlsRequest } from './first-bytes/first-bytes.ts'

/** A server answers this before it looks at anything. */
const answerTimeoutMs = 10_000

const yes = 'S'.charCodeAt(0)

/**
 * Asks the PostgreSQL server behind a tunnel for TLS, as its client has asked us: the client's next bytes are its ClientHello.
 * PostgreSQL's frontend/backend protocol, "SSL Session Encryption".
 */
export function askPostgres(
  connection: TunnelConnection,
  first: Uint8Array,
  handler: { onReady(rest: Uint8Array): void; onRefused(error: Error): void },
): void {
  let isDecided = false
  const decide = (decided: () => void): void => {
    if (isDecided) return
    isDecided = true
    clearTimeout(timer)
    decided()
  }
  const refuse = (message: string): void =>
    decide(() => {
      connection.abort()
      handler.onRefused(new RelayError('TargetUnreachable', { message, trackingId: connection.trackingId }))
    })
  const timer = setTimeout(() => refuse('The database has not answered whether it speaks TLS'), answerTimeoutMs)
  const read = (bytes: Uint8Array): void => {
    if (bytes.length === 0 || isDecided) return
    if (bytes[0] === yes) decide(() => handler.onReady(new Uint8Array(bytes.subarray(1))))
    else refuse('The database does not speak TLS')
  }
  connection.open({
    onData: read,
    onEof: () => refuse('The database has closed the connection'),
    onDrain: () => {},
    onClosed: (error) => refuse(error?.message ?? 'The database has closed the connection'),
  })
  connection.send(postgresTlsRequest)
  read(first)
}
