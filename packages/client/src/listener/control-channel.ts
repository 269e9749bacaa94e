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
import type { KeepAlive } from '@postern/websocket'
import { codeOfText } from '../connection/code-of-text.ts'
import type { DialedSocket } from '../connection/dial-relay.ts'
import { MessageSocket, type MessageSocketEnd } from '../connection/message-socket.ts'

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

/** The listener's long-lived WebSocket: messages in, answers and tokens out. Hybrid Connections protocol, "Listen". */
export class ControlChannel {
  /** The relay is Postern's: it reads target messages, and what it alone may say among connect headers is its own word. */
  readonly isPostern: boolean
  readonly #socket: Duplex
  readonly #messages: MessageSocket
  readonly #handler: ControlChannelHandler
  /** A request whose body is the next binary message. */
  #awaitingBody: RequestMessage | undefined
  #isOpen = true

  constructor({ socket, head, headers }: DialedSocket, keepAlive: KeepAlive, handler: ControlChannelHandler) {
    this.#socket = socket
    this.isPostern = headers[relayHeader.toLowerCase()] !== undefined
    this.#handler = handler
    this.#messages = new MessageSocket({
      socket,
      head,
      keepAlive,
      maxTextBytes: maxControlMessageBytes,
      maxBinaryBytes: maxControlBodyBytes,
      onText: (text) => this.#onText(text),
      onBinary: (bytes) => this.#onBinary(bytes),
      onEnd: (end) => this.#onEnd(end),
    })
  }

  /** False once the channel is closed, lost, or on its way there. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Grows with every byte of the relay. */
  get bytesReceived(): number {
    return this.#messages.bytesReceived
  }

  /** Address of this machine that it comes from; undefined once it has ended, or where no socket of this process is below. */
  get localAddress(): string | undefined {
    return (this.#socket as Partial<Socket>).localAddress
  }

  /** Asks the relay for a sign of life. */
  ping(): void {
    this.#messages.ping()
  }

  /** Cuts it as one on which nobody answers; `onLost` follows. */
  abandon(): void {
    this.#messages.abandon()
  }

  /** Sends the answer to a request, and its body if it has one (at most 64 KiB). False when the channel is gone. */
  respond(message: ResponseMessage, body: Uint8Array): boolean {
    if (!this.#isOpen) return false
    this.#messages.sendText(encodeResponse(message))
    if (message.body) this.#messages.sendBinary(body)
    return true
  }

  /** Replaces the token that keeps the channel open. Hybrid Connections protocol, "renewToken". */
  renewToken(token: string): void {
    if (this.#isOpen) this.#messages.sendText(encodeRenewToken(token))
  }

  /** Says whether what stands behind this listener answers, where the relay wants to know. */
  declareTarget(state: TargetState): void {
    if (this.#isOpen && this.isPostern) this.#messages.sendText(encodeTarget(state))
  }

  /** Says good-bye; `onLost` follows when the relay has answered or 5 s later. */
  close(): void {
    this.#isOpen = false
    this.#messages.close()
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

  #onEnd(end: MessageSocketEnd): void {
    const { code, reason, cause } = end
    this.#isOpen = false
    const known = codeOfText(reason, (entry) => entry.closeCode === code)
    const meaning = known?.code ?? (code === policyViolation ? 'TokenExpiredOnChannel' : 'ControlChannelLost')
    this.#handler.onLost(new RelayError(meaning, { message: describeEnd(end), cause }))
  }
}

function describeEnd({ how, code, reason }: MessageSocketEnd): string {
  if (how === 'silent') return 'The relay has gone silent'
  if (how === 'cut') return 'The control channel was cut'
  return `The relay has closed the control channel: ${code} ${reason}`.trimEnd()
}
