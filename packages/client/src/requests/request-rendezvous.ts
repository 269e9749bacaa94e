import {
  decodeServiceMessage,
  encodeResponse,
  maxControlMessageBytes,
  RelayError,
  type RequestMessage,
  type ResponseMessage,
} from '@postern/protocol'
import {
  EndpointPeer,
  type KeepAlive,
  type KeepAlivePeer,
  MessageCollector,
  WebSocketEndpoint,
} from '@postern/websocket'
import type { DialedSocket } from '../connection/dial-relay.ts'
import type { ResponseBodyWriter } from './relayed-response.ts'

/** What a rendezvous has to say. */
export interface RequestRendezvousHandler {
  /** The request itself, when it was too large for the control channel. */
  onRequest(message: RequestMessage): void
  /** Body bytes, which are the receiver's. */
  onBody(chunk: Uint8Array): void
  onBodyEnd(): void
  onDrain(): void
  /** The sender went away before the response was whole; at most once. */
  onGone(error: Error): void
}

const normalClosure = 1000

/**
 * The WebSocket of one HTTP exchange that does not fit the control channel: the request may come in over it, the
 * response goes out over it, then it ends (one exchange each; observed: no client takes a second one).
 */
export class RequestRendezvous implements ResponseBodyWriter {
  readonly #endpoint: WebSocketEndpoint
  readonly #handler: RequestRendezvousHandler
  readonly #keepAlivePeer: KeepAlivePeer
  #isInRequestBody = false
  #hasRequest = false
  #hasBegun = false
  #isFinished = false

  constructor({ socket, head }: DialedSocket, keepAlive: KeepAlive, handler: RequestRendezvousHandler) {
    this.#handler = handler
    const heads = new MessageCollector({
      maxTextBytes: maxControlMessageBytes,
      maxBinaryBytes: 0,
      onText: (text) => this.#onText(text),
      onBinary: () => {},
      onTooLarge: () => this.#endpoint.close(1009, 'The message is too large'),
      onInvalidText: () => this.#endpoint.close(1007, 'The text is not UTF-8'),
    })
    this.#endpoint = new WebSocketEndpoint({
      stream: socket,
      head,
      role: 'client',
      handler: {
        onMessageStart: (kind) => {
          this.#isInRequestBody = kind === 'binary'
          if (kind === 'text') heads.onMessageStart(kind)
        },
        onMessageData: (chunk) => {
          if (this.#isInRequestBody) handler.onBody(chunk)
          else heads.onMessageData(chunk)
        },
        onMessageEnd: () => {
          if (this.#isInRequestBody) handler.onBodyEnd()
          else heads.onMessageEnd()
        },
        onCloseFrame: () => {},
        onDrain: () => handler.onDrain(),
        onEnd: ({ clean, code, reason, error }) => {
          keepAlive.delete(this.#keepAlivePeer)
          if (clean && this.#isFinished) return
          const said = reason ? ` (${code} ${reason})` : ''
          handler.onGone(new RelayError('SenderGone', { message: `The sender has gone${said}`, cause: error }))
        },
      },
    })
    this.#keepAlivePeer = new EndpointPeer(this.#endpoint, () => this.#endpoint.abort())
    keepAlive.add(this.#keepAlivePeer)
  }

  /** Sends the head of the response. */
  respond(message: ResponseMessage): void {
    this.#endpoint.sendText(encodeResponse(message))
  }

  /** Sends a piece of the response's body. */
  write(bytes: Uint8Array): boolean {
    if (bytes.length === 0) return true
    const first = !this.#hasBegun
    this.#hasBegun = true
    return this.#endpoint.sendFragment('binary', bytes, { first, last: false })
  }

  /** The response is whole; its last fragment is an empty one, then the rendezvous is closed (as .NET does). */
  end(): void {
    this.#endpoint.sendFragment('binary', new Uint8Array(0), { first: !this.#hasBegun, last: true })
    this.finish()
  }

  /** Ends the exchange after a response without a body. */
  finish(): void {
    this.#isFinished = true
    this.#endpoint.close(normalClosure, 'NormalClosure')
  }

  /** Cuts the exchange: what the sender has of the response stays incomplete, and it can tell. */
  abort(): void {
    this.#endpoint.abort()
  }

  /** Holds the sender back. */
  pause(): void {
    this.#endpoint.pause()
  }

  /** Lets the sender go on. */
  resume(): void {
    this.#endpoint.resume()
  }

  #onText(text: string): void {
    const decoded = decodeServiceMessage(text)
    if (decoded.kind !== 'request' || this.#hasRequest) return
    this.#hasRequest = true
    this.#handler.onRequest(decoded.message)
  }
}
