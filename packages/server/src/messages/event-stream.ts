import type { ServerResponse } from 'node:http'
import type { ErrorCode } from '@postern/protocol'
import type { Principal } from '../auth/decision.ts'
import type { RemoteEndpoint } from '../domain/remote-endpoint.ts'
import { Admittance, type Admitted } from './admittance.ts'
import { encodeEndEvent } from './message-formats.ts'
import type { MessagePeer, MessagePeerEnd, MessagePeerSource } from './message-peer.ts'
import type { Receiver } from './receiver.ts'

export interface EventStreamOptions {
  readonly response: ServerResponse
  /** Of the answer, besides those of the format. */
  readonly headers: Readonly<Record<string, string>>
  readonly source: MessagePeerSource
  readonly admitted: Admitted
  /** Before it is ended: what it has to get still. */
  readonly onClosing: () => void
  readonly onClosed: (subscriber: EventStream, end: MessagePeerEnd) => void
}

/** How long a subscriber may take to read why its stream has ended. */
const endTimeoutMs = 30_000

const comment = Buffer.from(':\n\n')

/** A subscriber by Server-Sent Events: an HTTP response without end. docs/protocol/messages.md, "Receiving as a subscriber" */
export class EventStream implements Receiver, MessagePeer {
  readonly kind = 'stream'
  readonly action = 'subscribe'
  readonly #options: EventStreamOptions
  readonly #response: ServerResponse
  readonly #admittance: Admittance
  #deliveries = 0
  #bytes = 0
  #ending: Pick<MessagePeerEnd, 'code' | 'reason' | 'refused'> | undefined
  #endTimer: NodeJS.Timeout | undefined

  constructor(options: EventStreamOptions) {
    this.#options = options
    this.#response = options.response
    this.#admittance = new Admittance(options.admitted, (...why) => this.close(...why))
    const { response } = options
    // The end of the connection is the end of the stream: chunks would need a head of their own for each receiver.
    response.removeHeader('Transfer-Encoding')
    response.shouldKeepAlive = false
    response.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
      TrackingId: options.source.trackingId,
      ...options.headers,
    })
    response.on('error', () => response.destroy())
    response.on('close', () => this.#onClosed())
    response.write(comment)
  }

  get principal(): Principal {
    return this.#admittance.principal
  }

  get remote(): RemoteEndpoint {
    return this.#options.source.remote
  }

  get isPrivate(): boolean {
    return this.#options.source.isPrivate
  }

  get bufferedBytes(): number {
    return this.#response.writableLength
  }

  get isEnding(): boolean {
    return this.#ending !== undefined || this.#response.destroyed
  }

  deliver(events: Uint8Array, messages: number): void {
    this.#deliveries += messages
    this.#bytes += events.length
    this.#response.write(events)
  }

  /** Keeps proxies from taking it for a connection that nobody uses. */
  beat(): void {
    // What waits says the same.
    if (!this.isEnding && this.bufferedBytes === 0) this.#response.write(comment)
  }

  /** It learns of its loss behind all that it has not read yet. */
  closeForLoss(): void {
    this.#end(1013, 'Messages were lost: too many were waiting to be read.')
  }

  revalidate(): void {
    this.#admittance.revalidate()
  }

  close(code: number, reason: string, refused?: ErrorCode): void {
    if (this.isEnding) return
    this.#options.onClosing()
    this.#end(code, reason, refused)
  }

  #end(code: number, reason: string, refused?: ErrorCode): void {
    if (this.isEnding) return
    this.#ending = { code, reason, ...(refused !== undefined && { refused }) }
    this.#admittance.stop()
    this.#endTimer = setTimeout(() => this.#response.destroy(), endTimeoutMs)
    this.#response.end(encodeEndEvent(code, `${reason} TrackingId:${this.#options.source.trackingId}`))
  }

  #onClosed(): void {
    clearTimeout(this.#endTimer)
    this.#admittance.stop()
    const end = this.#ending ?? { code: 1006, reason: '' }
    this.#options.onClosed(this, { ...end, messages: this.#deliveries, bytes: this.#bytes })
  }
}
