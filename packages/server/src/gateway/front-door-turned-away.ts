import type { Socket } from 'node:net'
import type { Logger } from '@postern/program'
import { lingerMs } from './front-door-connection.ts'
import { formatRefusal } from './front-door-refusal.ts'

/** Refused connections that may wait for their answer to be read; more are reset, so that a flood holds no sockets. */
const maxLingering = 64

/** One log line for a second of turned away connections: the relay must not be filled up by its own log. */
const logIntervalMs = 1000

/** Connections that were one too many: answered with 503 where that is cheap, else reset. */
export class TurnedAway {
  readonly #canAnswer: boolean
  readonly #logger: Logger
  readonly #lingering = new Set<Socket>()
  #unloggedCount = 0
  #loggedAtMs = Number.NEGATIVE_INFINITY

  /** @param options `canAnswer`: no TLS, whose handshake would cost more than the connection is worth */
  constructor(options: { readonly canAnswer: boolean; readonly logger: Logger }) {
    this.#canAnswer = options.canAnswer
    this.#logger = options.logger
  }

  /** @param address the true source, for the log */
  add(socket: Socket, address: string): void {
    this.#log(address)
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
    socket.end(formatRefusal('TooManyUnauthorizedConnections'))
    socket.resume()
  }

  destroyAll(): void {
    for (const socket of this.#lingering) {
      socket.destroy()
    }
  }

  #log(address: string): void {
    this.#unloggedCount++
    const nowMs = performance.now()
    if (nowMs - this.#loggedAtMs >= logIntervalMs) {
      this.#logger.warn('front-door.refused', {
        code: 'TooManyUnauthorizedConnections',
        address,
        count: this.#unloggedCount,
      })
      this.#loggedAtMs = nowMs
      this.#unloggedCount = 0
    }
  }
}
