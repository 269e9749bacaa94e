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
  /** Those who are pinged together with it. */
  readonly group: Set<KeepAlivePeer>
  bytesAtPing: number
  unanswered: number
}

/** A ping costs some 40 us: of 10,000 peers some 100 are pinged together, and the next a quarter of a second later. */
const groupIntervalMs = 250

/**
 * Pings many peers with one timer, a few at a time and each once in an interval. A dead one is found after at most
 * `maxMissed + 1` intervals.
 */
export class KeepAlive {
  readonly #watches = new Map<KeepAlivePeer, Watch>()
  readonly #groups: readonly Set<KeepAlivePeer>[]
  readonly #tickMs: number
  readonly #maxMissed: number
  #nextGroup = 0
  #timer: NodeJS.Timeout | undefined

  constructor(options: KeepAliveOptions) {
    const { intervalMs, maxMissed = 2 } = options
    this.#groups = Array.from({ length: Math.max(1, Math.floor(intervalMs / groupIntervalMs)) }, () => new Set())
    this.#tickMs = Math.ceil(intervalMs / this.#groups.length)
    this.#maxMissed = maxMissed
  }

  add(peer: KeepAlivePeer): void {
    const { length } = this.#groups
    // By chance, so that peers that come together are not pinged together, and late: who has just come has shown that it lives.
    const ticks = length - Math.floor((Math.random() * length) / 2)
    const group = this.#groups[(this.#nextGroup + ticks - 1) % length]
    if (group === undefined) return
    this.delete(peer)
    this.#watches.set(peer, { group: group.add(peer), bytesAtPing: peer.bytesReceived, unanswered: 0 })
    this.#timer ??= setInterval(() => this.#tick(), this.#tickMs)
  }

  /** Nothing happens when it is not watched. */
  delete(peer: KeepAlivePeer): void {
    this.#watches.get(peer)?.group.delete(peer)
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
    for (const group of this.#groups) group.clear()
  }

  #tick(): void {
    const group = this.#groups[this.#nextGroup]
    this.#nextGroup = (this.#nextGroup + 1) % this.#groups.length
    for (const peer of group ?? []) this.#look(peer)
  }

  #look(peer: KeepAlivePeer): void {
    const watch = this.#watches.get(peer)
    if (watch === undefined) return
    if (peer.bytesReceived !== watch.bytesAtPing || peer.isPaused) watch.unanswered = 0
    if (watch.unanswered >= this.#maxMissed) {
      this.delete(peer)
      peer.onSilent()
      return
    }
    watch.bytesAtPing = peer.bytesReceived
    watch.unanswered += 1
    peer.ping()
  }
}
