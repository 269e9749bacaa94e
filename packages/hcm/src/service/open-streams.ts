import type { Socket } from 'node:net'
import type { JoinResult } from './join-streams.ts'

/** The streams of one hybrid connection: who is open, what has passed, and how to end them all. */
export class OpenStreams {
  readonly #sockets = new Set<Socket>()
  readonly #waiting = new Set<() => void>()
  #total = 0
  #bytesToRelay = 0
  #bytesFromRelay = 0

  get open(): number {
    return this.#sockets.size
  }

  get total(): number {
    return this.#total
  }

  /** Payload of open and closed streams. */
  get bytes(): { readonly toRelay: number; readonly fromRelay: number } {
    let toRelay = this.#bytesToRelay
    let fromRelay = this.#bytesFromRelay
    for (const socket of this.#sockets) {
      toRelay += socket.bytesRead
      fromRelay += socket.bytesWritten
    }
    return { toRelay, fromRelay }
  }

  /** Counts a stream until it has ended. */
  async hold(socket: Socket, ended: Promise<JoinResult>): Promise<JoinResult> {
    this.#sockets.add(socket)
    this.#total += 1
    const result = await ended
    this.#sockets.delete(socket)
    this.#bytesToRelay += result.bytesToRelay
    this.#bytesFromRelay += result.bytesFromRelay
    if (this.#sockets.size === 0) for (const resolve of this.#waiting) resolve()
    return result
  }

  /** Resolves when all have ended; those that have not after `graceMs` are cut. */
  async end(graceMs: number): Promise<void> {
    if (this.#sockets.size === 0) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        for (const socket of this.#sockets) socket.resetAndDestroy()
      }, graceMs)
      this.#waiting.add(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
}
