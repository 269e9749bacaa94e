import type { Duplex } from 'node:stream'
import { RelayError } from '@postern/protocol'
import { BytePipe, type BytePipeHandler, type BytePipeProblem, type KeepAlive } from '@postern/websocket'

/** What one end of a relayed connection has to say; calls come in the order of the methods, `onClosed` exactly once. */
export type RelayedConnectionHandler = BytePipeHandler<RelayError>

/** What {@link RelayedConnection} is made from. */
export interface RelayedConnectionOptions {
  readonly socket: Duplex
  /** Bytes that arrived together with the handshake's answer. */
  readonly head: Uint8Array
  /** The id under which relay and peer have logged this connection. */
  readonly trackingId: string
  /** The subprotocol that both ends have agreed on. */
  readonly protocol: string | undefined
  /** Finds a relay that is silent for good. */
  readonly keepAlive: KeepAlive
}

/** One end of a relayed connection: what forwarders use, and what RelayedStream is made of. */
export class RelayedConnection extends BytePipe<RelayError> {
  readonly trackingId: string
  readonly protocol: string | undefined

  constructor({ socket, head, trackingId, protocol, keepAlive }: RelayedConnectionOptions) {
    super({ socket, head, role: 'client', keepAlive, describe: (problem) => describe(problem, trackingId) })
    this.trackingId = trackingId
    this.protocol = protocol
  }
}

function describe(problem: BytePipeProblem, trackingId: string): RelayError {
  if (problem.kind === 'peer') {
    const { code, reason } = problem
    const said = reason ? `: ${reason}` : ''
    return new RelayError('ConnectionFailed', {
      message: `The peer ended the connection with code ${code}${said}`,
      trackingId,
    })
  }
  const message =
    problem.kind === 'silent' ? 'The relay has gone silent' : 'The relayed connection was cut before its end'
  return new RelayError('ConnectionFailed', { message, cause: problem.cause, trackingId })
}
