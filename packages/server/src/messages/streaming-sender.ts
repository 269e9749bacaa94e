import type { Duplex } from 'node:stream'
import { type ErrorCode, errorTable } from '@postern/protocol'
import {
  type EndpointEnd,
  type EndpointHandler,
  type KeepAlivePeer,
  MessageCollector,
  WebSocketEndpoint,
  WebSocketError,
} from '@postern/websocket'
import type { Principal } from '../auth/decision.ts'
import type { RemoteEndpoint } from '../domain/remote-endpoint.ts'
import { Admittance, type Admitted } from './admittance.ts'
import type { MessageOutcome } from './entity-messages.ts'
import { writeAnswer } from './message-answer.ts'
import type { MessagePeer, MessagePeerEnd, MessagePeerSource } from './message-peer.ts'

export interface StreamingSenderOptions {
  readonly stream: Duplex
  readonly head: Uint8Array
  readonly action: 'send' | 'publish'
  readonly maxMessageBytes: number
  readonly source: MessagePeerSource
  readonly admitted: Admitted
  /** Takes one message for delivery. The bytes are the receiver's. */
  readonly take: (kind: 'text' | 'binary', body: Uint8Array) => MessageOutcome
  readonly onClosed: (sender: StreamingSender, end: MessagePeerEnd & { readonly deliveries: number }) => void
}

/** Messages without an answer that the sender has taken; at so many the relay stops reading. */
const maxUnanswered = 64

/** A WebSocket on which each message is one message to send or publish. docs/protocol/messages.md, "Sending many" */
export class StreamingSender implements MessagePeer, EndpointHandler, KeepAlivePeer {
  readonly action: 'send' | 'publish'
  readonly #options: StreamingSenderOptions
  readonly #endpoint: WebSocketEndpoint
  readonly #messages: MessageCollector
  readonly #admittance: Admittance
  #count = 0
  #bytes = 0
  #deliveries = 0
  #unanswered = 0
  /** Frames of the answers of this turn, one character for each byte. */
  #answers = ''
  #answersInTurn = 0
  #ending: Pick<MessagePeerEnd, 'code' | 'reason' | 'refused'> | undefined

  constructor(options: StreamingSenderOptions) {
    this.#options = options
    this.action = options.action
    this.#admittance = new Admittance(options.admitted, (...why) => this.close(...why))
    this.#messages = new MessageCollector({
      maxTextBytes: options.maxMessageBytes,
      maxBinaryBytes: options.maxMessageBytes,
      onUtf8: (bytes) => this.#onMessage('text', bytes),
      onBinary: (bytes) => this.#onMessage('binary', bytes),
      onTooLarge: () =>
        this.close(1009, `A message can have at most ${options.maxMessageBytes} bytes.`, 'MessageTooLarge'),
      onInvalidText: () => this.close(1007, 'A text message was not UTF-8.', 'ProtocolViolation'),
    })
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

  get bytesReceived(): number {
    return this.#endpoint.bytesReceived
  }

  get isPaused(): boolean {
    return this.#endpoint.isPaused
  }

  revalidate(): void {
    this.#admittance.revalidate()
  }

  close(code: number, reason: string, refused?: ErrorCode): void {
    if (this.#ending !== undefined) return
    this.#flushAnswers()
    this.#ending = { code, reason, ...(refused !== undefined && { refused }) }
    this.#admittance.stop()
    this.#endpoint.close(code, `${reason} TrackingId:${this.#options.source.trackingId}`)
    // Its answer to CLOSE must be read.
    this.#endpoint.resume()
  }

  ping(): void {
    this.#endpoint.ping()
  }

  onSilent(): void {
    this.#endpoint.abort()
  }

  onMessageStart(kind: 'text' | 'binary'): void {
    this.#messages.onMessageStart(kind)
  }

  onMessageData(chunk: Uint8Array): void {
    this.#messages.onMessageData(chunk)
  }

  onMessageEnd(): void {
    this.#messages.onMessageEnd()
  }

  onCloseFrame(): void {
    this.#flushAnswers()
    this.#admittance.stop()
  }

  onDrain(): void {
    // Reading goes on once the answers have been taken.
  }

  onEnd({ code, reason, error }: EndpointEnd): void {
    this.#admittance.stop()
    this.#answers = ''
    const isViolation = error instanceof WebSocketError
    const end = this.#ending ?? { code, reason, ...(isViolation && { refused: 'ProtocolViolation' as const }) }
    const { onClosed } = this.#options
    onClosed(this, { ...end, messages: this.#count, bytes: this.#bytes, deliveries: this.#deliveries })
  }

  #onMessage(kind: 'text' | 'binary', body: Uint8Array): void {
    // What comes behind our CLOSE has no answer, and so is not taken.
    if (this.#ending !== undefined) return
    const outcome = this.#options.take(kind, body)
    if ('code' in outcome) {
      this.#answers += writeAnswer({ nack: nackFor(outcome.code) })
    } else {
      this.#count += 1
      this.#bytes += body.length
      this.#deliveries += outcome.receivers
      this.#answers += writeAnswer({ ack: { receivers: outcome.receivers, id: outcome.id } })
    }
    if (this.#answersInTurn === 0) setImmediate(this.#flushAnswers)
    this.#answersInTurn += 1
    this.#unanswered += 1
    if (this.#unanswered === maxUnanswered) this.#endpoint.pause()
  }

  readonly #flushAnswers = (): void => {
    const count = this.#answersInTurn
    if (count === 0) return
    this.#answersInTurn = 0
    const answers = Buffer.from(this.#answers, 'latin1')
    this.#answers = ''
    this.#endpoint.sendEncoded(answers, () => {
      const wasFull = this.#unanswered >= maxUnanswered
      this.#unanswered -= count
      if (wasFull && this.#unanswered < maxUnanswered) this.#endpoint.resume()
    })
  }
}

function nackFor(code: ErrorCode): { readonly status: number; readonly code: ErrorCode; readonly reason: string } {
  return { status: errorTable[code].httpStatus, code, reason: errorTable[code].message }
}
