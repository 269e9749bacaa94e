import type { Socket } from 'node:net'
import { lingerMs } from './front-door-connection.ts'
import { formatRefusal } from './front-door-refusal.ts'

/** Refused connections that may wait for their answer to be read; more are reset, so that a flood holds no sockets. */
const maxLingering = 64

/** Connections that were one too many: answered with 503 where that is cheap, else reset. */
export class TurnedAway {
  readonly #canAnswer: boolean
  readonly #lingering = new Set<Socket>()

  /** @param options `canAnswer`: no TLS, whose handshake would cost more than the connection is worth */
  constructor(options: { readonly canAnswer: boolean }) {
    this.#canAnswer = options.canAnswer
  }

  add(socket: Socket, trackingId: string): void {
    if (!this.#canAnswer || this.#lingering.size >= maxLingering) {
      socket.resetAndDestroy()
      return
    }
    this.#lingering.add(socket)
    const deadline = setTimeout(() => socket.destroy(), lingerMs)
    socket.once('close', () => {
      clearTimeout(deadline)
      this.#lingering.delete(socket)
    })
    socket.end(formatRefusal({ code: 'TooManyUnauthorizedConnections', trackingId }))
    socket.resume()
  }

  destroyAll(): void {
    for (const socket of this.#lingering) {
      socket.destroy()
    }
  }
}
