import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  type AcceptMessage,
  decodeServiceMessage,
  encodeRenewToken,
  encodeResponse,
  encodeTarget,
  maxControlBodyBytes,
  maxControlMessageBytes,
  RelayError,
  type RequestMessage,
  type ResponseMessage,
  relayHeader,
  type TargetState,
} from '@postern/protocol'
import { type KeepAlive, type KeepAlivePeer, MessageCollector, WebSocketEndpoint } from '@postern/websocket'
import { codeOfText } from '../connection/code-of-text.ts'
import type { DialedSocket } from '../connection/dial-relay.ts'

/** What the relay says on a control channel. */
export interface ControlChannelHandler {
  /** A sender wants a connection. */
  onAccept(message: AcceptMessage): void
  /** A small HTTP request, whole. */
  onRequest(message: RequestMessage, body: Uint8Array): void
  /** An HTTP request that is to be fetched at this rendezvous address. */
  onRequestAddress(address: string): void
  /** The channel is gone, exactly once; what was said on it is void. */
  onLost(error: RelayError): void
}

/** CLOSE code for a token that has expired, a rule that was changed, a right that was taken. */
const policyViolation = 1008

/** Stands for a TCP connection that ended without a CLOSE. RFC 6455 section 7.4.1. */
const abnormalClosure = 1006

const normalClosure = 1000

/** The listener's long-lived WebSocket: messages in, answers and tokens out. Hybrid Connections protocol, "Listen". */
export class ControlChannel {
  /** The relay is Postern's: it reads target messages, and what it alone may say among connect headers is its own word. */
  readonly isPostern: boolean
  readonly #socket: Duplex
  readonly #endpoint: WebSocketEndpoint
  readonly #handler: ControlChannelHandler
  readonly #keepAlive: KeepAlive
  readonly #keepAlivePeer: KeepAlivePeer
  /** A request whose body is the next binary message. */
  #awaitingBody: RequestMessage | undefined
  #silent = false
  #isOpen = true

  constructor({ socket, head, headers }: DialedSocket, keepAlive: KeepAlive, handler: ControlChannelHandler) {
    this.#socket = socket
    this.isPostern = headers[relayHeader.toLowerCase()] !== undefined
    this.#handler = handler
    this.#keepAlive = keepAlive
    const collector = new MessageCollector({
      maxTextBytes: maxControlMessageBytes,
      maxBinaryBytes: maxControlBodyBytes,
      onText: (text) => this.#onText(text),
      onBinary: (bytes) => this.#onBinary(bytes),
      onTooLarge: () => this.#endpoint.close(1009, 'The message is too large'),
      onInvalidText: () => this.#endpoint.close(1007, 'The text is not UTF-8'),
    })
    const endpoint = new WebSocketEndpoint({
      stream: socket,
      head,
      role: 'client',
      handler: {
        onMessageStart: (kind) => collector.onMessageStart(kind),
        onMessageData: (chunk) => collector.onMessageData(chunk),
        onMessageEnd: () => collector.onMessageEnd(),
        onCloseFrame: () => {},
        onDrain: () => {},
        onEnd: ({ code, reason, error }) => this.#onEnd(code, reason, error),
      },
    })
    this.#endpoint = endpoint
    this.#keepAlivePeer = {
      get bytesReceived() {
        return endpoint.bytesReceived
      },
      isPaused: false,
      ping: () => endpoint.ping(),
      onSilent: () => this.abandon(),
    }
    keepAlive.add(this.#keepAlivePeer)
  }

  /** False once the channel is closed, lost, or on its way there. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Grows with every byte of the relay. */
  get bytesReceived(): number {
    return this.#endpoint.bytesReceived
  }

  /** Address of this machine that it comes from; undefined once it has ended, or where no socket of this process is below. */
  get localAddress(): string | undefined {
    return (this.#socket as Partial<Socket>).localAddress
  }

  /** Asks the relay for a sign of life. */
  ping(): void {
    this.#endpoint.ping()
  }

  /** Cuts it as one on which nobody answers; `onLost` follows. */
  abandon(): void {
    this.#silent = true
    this.#endpoint.abort()
  }

  /** Sends the answer to a request, and its body if it has one (at most 64 KiB). False when the channel is gone. */
  respond(message: ResponseMessage, body: Uint8Array): boolean {
    if (!this.#isOpen) return false
    this.#endpoint.sendText(encodeResponse(message))
    if (message.body) this.#endpoint.sendBinary(body)
    return true
  }

  /** Replaces the token that keeps the channel open. Hybrid Connections protocol, "renewToken". */
  renewToken(token: string): void {
    if (this.#isOpen) this.#endpoint.sendText(encodeRenewToken(token))
  }

  /** Says whether what stands behind this listener answers, where the relay wants to know. */
  declareTarget(state: TargetState): void {
    if (this.#isOpen && this.isPostern) this.#endpoint.sendText(encodeTarget(state))
  }

  /** Says good-bye; `onLost` follows when the relay has answered or 5 s later. */
  close(): void {
    this.#isOpen = false
    this.#endpoint.close(normalClosure, 'Normal Closure')
  }

  #onText(text: string): void {
    this.#awaitingBody = undefined
    const decoded = decodeServiceMessage(text)
    switch (decoded.kind) {
      case 'accept':
        this.#handler.onAccept(decoded.message)
        return
      case 'request':
        if (decoded.message.body) this.#awaitingBody = decoded.message
        else this.#handler.onRequest(decoded.message, new Uint8Array(0))
        return
      case 'requestAddress':
        this.#handler.onRequestAddress(decoded.address)
        return
      default:
      // A relay may say more than we know; what it says wrong must not take the listener down (observed: Java's does).
    }
  }

  #onBinary(bytes: Uint8Array): void {
    const message = this.#awaitingBody
    this.#awaitingBody = undefined
    if (message) this.#handler.onRequest(message, bytes)
  }

  #onEnd(code: number, reason: string, cause: Error | undefined): void {
    this.#isOpen = false
    this.#keepAlive.delete(this.#keepAlivePeer)
    const known = codeOfText(reason, (entry) => entry.closeCode === code)
    const meaning = known?.code ?? (code === policyViolation ? 'TokenExpiredOnChannel' : 'ControlChannelLost')
    this.#handler.onLost(new RelayError(meaning, { message: this.#describeEnd(code, reason), cause }))
  }

  #describeEnd(code: number, reason: string): string {
    if (this.#silent) return 'The relay has gone silent'
    if (code === abnormalClosure) return 'The control channel was cut'
    return `The relay has closed the control channel: ${code} ${reason}`.trimEnd()
  }
}
