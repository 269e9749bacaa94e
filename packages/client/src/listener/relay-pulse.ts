import { NetworkChanges } from './network-changes.ts'

/** An open control channel, as far as its pulse is felt. */
export interface PulseChannel {
  readonly bytesReceived: number
  /** Of the socket at this end, as far as it has one. */
  readonly localAddress: string | undefined
  ping(): void
}

/** A listener whose way to the relay is watched. */
export interface PulsePeer {
  /** Listeners of the same relay answer for each other. */
  readonly origin: string
  /** Undefined while there is none. */
  readonly channel: PulseChannel | undefined
  /** The relay is late with an answer on this channel. It may only be slow. Called once for each silence. */
  onLate(): void
  /** The machine has slept, or has other addresses: what was in vain may work now. */
  onNetworkChange(): void
}

/** Settings of {@link RelayPulse}. */
export interface RelayPulseOptions {
  /** A relay from which nobody has heard for this long is asked, ms. Default 4 s. */
  readonly intervalMs?: number
  /** An answer that takes longer is late, ms. Default 2.5 s: a packet that is lost once is repeated by then. */
  readonly lateMs?: number
  /** Between two looks, ms. Default 1 s. */
  readonly tickMs?: number
  readonly changes?: NetworkChanges
}

interface Watch {
  channel: PulseChannel | undefined
  bytes: number
  heardAtMs: number
  askedAtMs: number | undefined
  isLate: boolean
}

const defaults = { intervalMs: 4_000, lateMs: 2_500, tickMs: 1_000 } as const

/**
 * Feels within seconds that the way to a relay is broken. TCP does not: what was sent into a network that swallows everything is
 * repeated after ever longer pauses, so that a connection which survived such a failure of a minute may carry nothing for
 * another minute after its end, and a listener that waits for senders sends nothing and feels nothing at all.
 *
 * One object serves all listeners of a program: one of them at a time asks for all that go to the same relay, and only when it
 * hears nothing do the others ask too.
 */
export class RelayPulse {
  readonly #intervalMs: number
  readonly #lateMs: number
  readonly #tickMs: number
  readonly #changes: NetworkChanges
  readonly #watches = new Map<PulsePeer, Watch>()
  #timer: NodeJS.Timeout | undefined

  constructor(options: RelayPulseOptions = {}) {
    this.#intervalMs = options.intervalMs ?? defaults.intervalMs
    this.#lateMs = options.lateMs ?? defaults.lateMs
    this.#tickMs = options.tickMs ?? defaults.tickMs
    this.#changes = options.changes ?? new NetworkChanges()
  }

  /** Watches a listener, whether or not it has a channel at the moment. */
  add(peer: PulsePeer): void {
    this.#watches.set(peer, fresh(peer))
    if (this.#timer !== undefined) return
    // What was before is nobody's concern.
    this.#changes.look(Number.POSITIVE_INFINITY)
    this.#timer = setInterval(() => this.#tick(), this.#tickMs)
    this.#timer.unref()
  }

  /** Nothing happens when it is not watched. */
  delete(peer: PulsePeer): void {
    this.#watches.delete(peer)
    if (this.#watches.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #tick(): void {
    for (const [peer, watch] of this.#watches) listen(peer, watch)
    if (this.#changes.look(this.#tickMs)) this.#onNetworkChange()
    for (const group of this.#byOrigin()) {
      this.#judge(group)
      this.#askOne(group)
    }
  }

  #onNetworkChange(): void {
    for (const [peer, watch] of this.#watches) {
      const address = watch.channel?.localAddress
      // Whoever asks there waits in vain.
      if (address !== undefined && this.#changes.haveReplaced(address)) noteLate(peer, watch)
      else ask(watch)
      peer.onNetworkChange()
    }
  }

  #judge(group: readonly PeerWatch[]): void {
    const nowMs = performance.now()
    const late = group.filter(([, { askedAtMs }]) => askedAtMs !== undefined && nowMs - askedAtMs >= this.#lateMs)
    if (late.length === 0) return
    for (const [, watch] of group) ask(watch)
    for (const [peer, watch] of late) noteLate(peer, watch)
  }

  /** The one that has been silent for the longest time, so that each of them is asked in its turn. */
  #askOne(group: readonly PeerWatch[]): void {
    const heardAtMs = Math.max(...group.map(([, watch]) => watch.heardAtMs))
    if (performance.now() - heardAtMs < this.#intervalMs) return
    const silent = group.filter(([, { askedAtMs, isLate }]) => askedAtMs === undefined && !isLate)
    if (silent.length < group.length) return
    const [, oldest] = silent.reduce((one, other) => (other[1].heardAtMs < one[1].heardAtMs ? other : one))
    ask(oldest)
  }

  /** Those that have a channel. */
  #byOrigin(): readonly (readonly PeerWatch[])[] {
    const open = [...this.#watches].filter(([, { channel }]) => channel !== undefined)
    return [...Map.groupBy(open, ([{ origin }]) => origin).values()]
  }
}

type PeerWatch = readonly [PulsePeer, Watch]

function fresh({ channel }: PulsePeer): Watch {
  const bytes = channel?.bytesReceived ?? 0
  return { channel, bytes, heardAtMs: performance.now(), askedAtMs: undefined, isLate: false }
}

function listen(peer: PulsePeer, watch: Watch): void {
  if (peer.channel !== watch.channel) Object.assign(watch, fresh(peer))
  else if (watch.channel && watch.channel.bytesReceived !== watch.bytes) Object.assign(watch, fresh(peer))
}

function noteLate(peer: PulsePeer, watch: Watch): void {
  if (watch.isLate) return
  watch.isLate = true
  watch.askedAtMs = undefined
  peer.onLate()
}

function ask(watch: Watch): void {
  if (!watch.channel || watch.askedAtMs !== undefined || watch.isLate) return
  watch.askedAtMs = performance.now()
  watch.channel.ping()
}
