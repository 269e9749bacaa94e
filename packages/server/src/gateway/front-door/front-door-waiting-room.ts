import type { Socket } from 'node:net'
import type { RelayLimits } from '../../domain/relay-limits.ts'

/**
 * Connections of networks that have as many unauthorised ones as they may, behind TLS: they cannot be answered, and a reset
 * would bring some clients back at once and twofold (observed with hyco-ws). They cost a socket each until there is a
 * place, nothing is read from them beyond the first buffer.
 */
export class WaitingRoom {
  readonly #maximum: number
  readonly #timeoutMs: number
  readonly #waiting = new Map<string, Map<Socket, () => void>>()
  #size = 0

  /** @param limits as many may wait as may be inside, for as long as a handshake may take */
  constructor(limits: Pick<RelayLimits, 'maxUnauthorizedConnections' | 'handshakeTimeoutMs'>) {
    this.#maximum = limits.maxUnauthorizedConnections
    this.#timeoutMs = limits.handshakeTimeoutMs
  }

  /**
   * Keeps a connection until `onPlace` or `onTimeout`, or until its client leaves.
   * @returns false when too many wait already
   */
  add(
    network: string,
    socket: Socket,
    then: { readonly onPlace: () => void; readonly onTimeout: () => void },
  ): boolean {
    if (this.#size >= this.#maximum) return false
    const leave = (): void => {
      clearTimeout(timer)
      socket.off('close', leave)
      this.#remove(network, socket)
    }
    const timer = setTimeout(() => {
      leave()
      then.onTimeout()
    }, this.#timeoutMs)
    const waiting = this.#waiting.get(network) ?? new Map<Socket, () => void>()
    this.#waiting.set(network, waiting)
    waiting.set(socket, () => {
      leave()
      then.onPlace()
    })
    this.#size += 1
    socket.on('close', leave)
    return true
  }

  /** Lets the one in that has waited longest: a connection of this network was authorised or has ended. */
  next(network: string): void {
    for (const enter of this.#waiting.get(network)?.values() ?? []) {
      enter()
      return
    }
  }

  destroyAll(): void {
    for (const waiting of this.#waiting.values()) {
      for (const socket of waiting.keys()) {
        socket.destroy()
      }
    }
  }

  #remove(network: string, socket: Socket): void {
    const waiting = this.#waiting.get(network)
    if (waiting?.delete(socket) !== true) return
    this.#size -= 1
    if (waiting.size === 0) this.#waiting.delete(network)
  }
}
