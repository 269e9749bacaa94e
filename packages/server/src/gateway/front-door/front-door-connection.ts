import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { RemoteEndpoint } from '../../domain/remote-endpoint.ts'
import type { Admission } from './front-door-admission.ts'
import { type DoorRefusal, formatRefusal } from './front-door-refusal.ts'

/**
 * How long a refused client may take to read its answer and go, in milliseconds. Closing at once, with bytes of the
 * client unread, would make the kernel send a reset that overtakes the answer.
 */
export const lingerMs = 1000

/** What a front door knows about one connection, from accept to close. */
export class FrontDoorConnection {
  /** The TCP socket, below TLS. */
  readonly raw: Socket
  readonly admission: Admission
  /** Who opened the connection: the TCP peer, or the source of its PROXY header. */
  peer: RemoteEndpoint
  /** What HTTP is spoken on; absent until TLS is established. */
  http?: Socket
  /** Responses that were not ended yet. */
  readonly openResponses: Set<ServerResponse> = new Set()
  hasSentRequest = false
  isUpgraded = false
  #isRefused = false
  #deadline: NodeJS.Timeout | undefined

  constructor(raw: Socket, state: { readonly admission: Admission; readonly peer: RemoteEndpoint }) {
    this.raw = raw
    this.admission = state.admission
    this.peer = state.peer
  }

  /** It was answered for good: what still comes from it is not looked at. */
  get isRefused(): boolean {
    return this.#isRefused
  }

  get isIdle(): boolean {
    return !this.isUpgraded && this.openResponses.size === 0
  }

  startDeadline(timeoutMs: number, onExpired: () => void): void {
    clearTimeout(this.#deadline)
    this.#deadline = setTimeout(onExpired, timeoutMs)
  }

  clearDeadline(): void {
    clearTimeout(this.#deadline)
    this.#deadline = undefined
  }

  /**
   * Answers and ends the connection; a client that cannot be answered (no TLS yet, or in the middle of a response) is
   * cut off.
   * @returns false when it was refused before
   */
  refuse(refusal: Pick<DoorRefusal, 'code' | 'trackingId'>): boolean {
    if (this.#isRefused) {
      return false
    }
    this.#isRefused = true
    const isInsideResponse = [...this.openResponses].some((response) => response.headersSent)
    if (this.http?.writable === true && !isInsideResponse) {
      this.http.end(formatRefusal(refusal))
      this.startDeadline(lingerMs, () => this.destroy())
    } else {
      this.destroy()
    }
    return true
  }

  /** It gets its answer as an ordinary response, which must be the last one. */
  refuseByResponse(): void {
    this.#isRefused = true
    this.startDeadline(lingerMs, () => this.destroy())
  }

  destroy(): void {
    this.http?.destroy()
    this.raw.destroy()
  }
}
