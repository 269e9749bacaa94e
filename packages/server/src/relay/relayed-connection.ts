import type { Duplex } from 'node:stream'
import { decodeClose, encodeClose, type KeepAlive } from '@postern/websocket'
import type { EntityCounters } from '../telemetry/counters.ts'
import type { RelayBuffers } from './relay-buffers.ts'
import { RelaySide, type RelaySideOwner } from './relay-side.ts'

/** How a relayed connection ended. */
export interface RelayEnd {
  /** True when each side sent its CLOSE. */
  readonly clean: boolean
  /** Who began to end it: with CLOSE when clean, else without. */
  readonly by: 'sender' | 'listener' | 'relay'
  /** What ended it. For a clean end code and reason of the first CLOSE: text of a stranger. */
  readonly reason: string
  readonly bytesFromSender: number
  readonly bytesFromListener: number
}

export interface RelayedConnectionOptions {
  readonly sender: { readonly socket: Duplex; readonly head: Uint8Array }
  readonly listener: { readonly socket: Duplex; readonly head: Uint8Array }
  readonly counters: EntityCounters
  readonly keepAlive: KeepAlive
  readonly allowRsv1: boolean
  readonly bufferBytes: number
  readonly buffers: RelayBuffers
  readonly onEnd: (end: RelayEnd) => void
}

/** Two joined sockets: moves frames both ways until one end is gone or both have closed. */
export class RelayedConnection implements RelaySideOwner {
  readonly #sender: RelaySide
  readonly #listener: RelaySide
  readonly #options: RelayedConnectionOptions
  #ended = false

  constructor(options: RelayedConnectionOptions) {
    this.#options = options
    const { counters, allowRsv1, bufferBytes, buffers } = options
    const common = { owner: this, counters, allowRsv1, bufferBytes, buffers }
    this.#sender = new RelaySide({ socket: options.sender.socket, ...common })
    this.#listener = new RelaySide({ socket: options.listener.socket, ...common })
    options.keepAlive.add(this.#sender)
    options.keepAlive.add(this.#listener)
  }

  start(): void {
    this.#options.counters.activeConnections += 1
    this.#sender.start(this.#listener, this.#options.sender.head)
    this.#listener.start(this.#sender, this.#options.listener.head)
  }

  /** Ends both sides with a CLOSE of the relay's own, for example 1001 when the entity was deleted. */
  close(code: number, reason: string): void {
    if (this.#ended) return
    const payload = encodeClose(code, reason)
    this.#sender.closeWith(payload)
    this.#listener.closeWith(payload)
    this.#finish({ clean: false, by: 'relay', reason })
  }

  onBothClosed(first: RelaySide, payload: Uint8Array): void {
    this.#sender.end()
    this.#listener.end()
    this.#finish({ clean: true, by: first === this.#sender ? 'sender' : 'listener', reason: describeClose(payload) })
  }

  /** An abort is passed on as an abort: the other side gets what was sent before, then TCP ends with no CLOSE. */
  onBroken(side: RelaySide, reason: string): void {
    if (this.#ended) return
    const isSender = side === this.#sender
    side.destroy()
    const other = isSender ? this.#listener : this.#sender
    other.end()
    this.#finish({ clean: false, by: isSender ? 'sender' : 'listener', reason })
  }

  /** The violator is told by CLOSE what it did; the other side sees a broken connection. */
  onViolation(side: RelaySide, violation: { readonly closeCode: number; readonly reason: string }): void {
    if (this.#ended) return
    const isSender = side === this.#sender
    side.closeWith(encodeClose(violation.closeCode, violation.reason))
    const other = isSender ? this.#listener : this.#sender
    other.end()
    this.#finish({ clean: false, by: isSender ? 'sender' : 'listener', reason: violation.reason })
  }

  #finish(end: Pick<RelayEnd, 'clean' | 'by' | 'reason'>): void {
    if (this.#ended) return
    this.#ended = true
    this.#options.keepAlive.delete(this.#sender)
    this.#options.keepAlive.delete(this.#listener)
    this.#options.counters.activeConnections -= 1
    this.#options.onEnd({
      ...end,
      bytesFromSender: this.#sender.bytesReceived,
      bytesFromListener: this.#listener.bytesReceived,
    })
  }
}

/** The payload was passed on as it came, so it may be anything. */
function describeClose(payload: Uint8Array): string {
  try {
    const { code, reason } = decodeClose(payload)
    return code === undefined ? 'CLOSE' : `CLOSE ${code} ${reason}`.trimEnd()
  } catch {
    return 'CLOSE that cannot be read'
  }
}
