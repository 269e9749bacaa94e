import type { Duplex } from 'node:stream'
import { RelayError } from '@postern/protocol'
import { BytePipe, type BytePipeProblem, type KeepAlive } from '@postern/websocket'

export interface ListenerConnectionOptions {
  /** The rendezvous socket, whose handshake has been answered. */
  readonly socket: Duplex
  readonly head: Uint8Array
  /** The subprotocol that the listener has chosen. */
  readonly protocol: string | undefined
  readonly keepAlive: KeepAlive
  readonly listenerId: string
  readonly trackingId: string
}

/** The relay's own end of a connection with a listener: plain bytes of one device, or a carrier of many. */
export class ListenerConnection extends BytePipe<RelayError> {
  readonly trackingId: string
  readonly protocol: string | undefined
  readonly listenerId: string
  readonly #socket: Duplex

  constructor({ socket, head, protocol, keepAlive, listenerId, trackingId }: ListenerConnectionOptions) {
    super({ socket, head, role: 'server', keepAlive, describe: (problem) => describe(problem, trackingId) })
    this.trackingId = trackingId
    this.protocol = protocol
    this.listenerId = listenerId
    this.#socket = socket
  }

  /** Calls back when the socket is gone. */
  onceGone(callback: () => void): void {
    this.#socket.once('close', callback)
  }
}

function describe(problem: BytePipeProblem, trackingId: string): RelayError {
  if (problem.kind === 'peer') {
    const said = problem.reason ? `: ${problem.reason}` : ''
    const message = `The listener ended the connection with code ${problem.code}${said}`
    return new RelayError('ConnectionFailed', { message, trackingId })
  }
  const message = problem.kind === 'silent' ? 'The listener has gone silent' : 'The listener was cut before its end'
  return new RelayError('ConnectionFailed', { message, cause: problem.cause, trackingId })
}
