import type { Duplex } from 'node:stream'
import type { ErrorCode } from '@postern/protocol'
import {
  type EndpointEnd,
  type EndpointHandler,
  type KeepAlivePeer,
  WebSocketEndpoint,
  WebSocketError,
} from '@postern/websocket'
import type { Principal } from '../auth/decision.ts'
import type { RemoteEndpoint } from '../domain/remote-endpoint.ts'
import { Admittance, type Admitted } from './admittance.ts'
import type { MessagePeer, MessagePeerEnd, MessagePeerSource } from './message-peer.ts'
import type { Receiver } from './receiver.ts'

export interface SubscriberSocketOptions {
  readonly stream: Duplex
  readonly head: Uint8Array
  readonly source: MessagePeerSource
  readonly admitted: Admitted
  /** Before it is closed: what it has to get still. */
  readonly onClosing: () => void
  readonly onClosed: (subscriber: SubscriberSocket, end: MessagePeerEnd) => void
}

/** A WebSocket that receives what is published, and says nothing. docs/protocol/messages.md, "Receiving as a subscriber" */
export class SubscriberSocket implements Receiver, MessagePeer, EndpointHandler, KeepAlivePeer {
  readonly kind = 'socket'
  readonly action = 'subscribe'
  readonly #options: SubscriberSocketOptions
  readonly #endpoint: WebSocketEndpoint
  readonly #admittance: Admittance
  #deliveries = 0
  #bytes = 0
  #ending: Pick<MessagePeerEnd, 'code' | 'reason' | 'refused'> | undefined

  constructor(options: SubscriberSocketOptions) {
    this.#options = options
    this.#admittance = new Admittance(options.admitted, (...why) => this.close(...why))
    const { stream, head } = options
    this.#endpoint = new WebSocketEndpoint({ stream, role: 'server', handler: this, head })
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
    return this.#endpoint.bufferedBytes
  }

  get isEnding(): boolean {
    return this.#endpoint.state !== 'open'
  }

  get bytesReceived(): number {
    return this.#endpoint.bytesReceived
  }

  get isPaused(): boolean {
    return this.#endpoint.isPaused
  }

  deliver(frames: Uint8Array, messages: number): void {
    this.#deliveries += messages
    this.#bytes += frames.length
    this.#endpoint.sendEncoded(frames)
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

  ping(): void {
    this.#endpoint.ping()
  }

  onSilent(): void {
    this.#endpoint.abort()
  }

  onMessageStart(): void {
    this.close(1003, 'A subscriber only receives: send messages at another connection.', 'ProtocolViolation')
  }

  onMessageData(): void {
    // It has been told that nobody listens.
  }

  onMessageEnd(): void {
    // Likewise.
  }

  onCloseFrame(): void {
    this.#admittance.stop()
  }

  onDrain(): void {
    // Nobody waits for it: what has no room is not written.
  }

  onEnd({ code, reason, error }: EndpointEnd): void {
    this.#admittance.stop()
    const isViolation = error instanceof WebSocketError
    const end = this.#ending ?? { code, reason, ...(isViolation && { refused: 'ProtocolViolation' as const }) }
    this.#options.onClosed(this, { ...end, messages: this.#deliveries, bytes: this.#bytes })
  }

  #end(code: number, reason: string, refused?: ErrorCode): void {
    this.#ending ??= { code, reason, ...(refused !== undefined && { refused }) }
    this.#admittance.stop()
    this.#endpoint.close(code, `${reason} TrackingId:${this.#options.source.trackingId}`)
  }
}
