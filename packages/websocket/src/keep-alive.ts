/** One open WebSocket, as far as its life is watched. */
export interface KeepAlivePeer {
  /** Grows with every byte that the peer sends: any of them shows that it lives. */
  readonly bytesReceived: number
  /** Nothing is read from it now, so that its answer could not be seen: it is not judged. */
  readonly isPaused: boolean
  ping(): void
  /** It answered none of the last pings. It is no longer watched. */
  onSilent(): void
}

export interface KeepAliveOptions {
  /** Between two pings, milliseconds. */
  readonly intervalMs: number
  /** Pings without any byte in return before a peer counts as dead. Default 2. */
  readonly maxMissed?: number
}

interface Watch {
  bytesAtPing: number
  unanswered: number
}

/** Pings many peers with one timer. A dead one is found after at most `maxMissed + 1` intervals. */
export class KeepAlive {
  readonly #watches = new Map<KeepAlivePeer, Watch>()
  readonly #intervalMs: number
  readonly #maxMissed: number
  #timer: NodeJS.Timeout | undefined

  constructor(options: KeepAliveOptions) {
    this.#intervalMs = options.intervalMs
    this.#maxMissed = options.maxMissed ?? 2
  }

  add(peer: KeepAlivePeer): void {
    this.#watches.set(peer, { bytesAtPing: peer.bytesReceived, unanswered: 0 })
    this.#timer ??= setInterval(() => this.#tick(), this.#intervalMs)
  }

  /** Nothing happens when it is not watched. */
  delete(peer: KeepAlivePeer): void {
    this.#watches.delete(peer)
    if (this.#watches.size === 0) this.close()
  }

  /** Peers that are watched now. */
  get size(): number {
    return this.#watches.size
  }

  /** Watches nobody any more. */
  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#watches.clear()
  }

  #tick(): void {
    for (const [peer, watch] of this.#watches) {
      if (peer.bytesReceived !== watch.bytesAtPing || peer.isPaused) watch.unanswered = 0
      if (watch.unanswered >= this.#maxMissed) {
        this.delete(peer)
        peer.onSilent()
        continue
      }
      watch.bytesAtPing = peer.bytesReceived
      watch.unanswered += 1
      peer.ping()
    }
  }
}
