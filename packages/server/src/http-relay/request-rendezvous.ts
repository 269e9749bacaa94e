import { decodeListenerMessage, maxControlMessageBytes, type ResponseMessage } from '@postern/protocol'
import {
  type EndpointHandler,
  formatSwitchingProtocols,
  type KeepAlivePeer,
  MessageCollector,
  WebSocketEndpoint,
} from '@postern/websocket'
import type { RendezvousSocket } from '../rendezvous/rendezvous-socket.ts'

/** What the exchange hears from its rendezvous. */
export interface RequestRendezvousHandler {
  onResponseHead(message: ResponseMessage): void
  /** @returns false to stop reading until `resume` */
  onResponseBody(chunk: Uint8Array): boolean
  onResponseEnd(): void
  /** The listener can take more of the request body. */
  onDrain(): void
  /** The response can never be whole: the socket was lost, or carried something that is no response. */
  onBroken(code: 'ListenerLost' | 'ListenerProtocolViolation', reason: string): void
}

/** The WebSocket that a listener opened for one HTTP request: request out, response in. Never used for a second one. */
export class RequestRendezvous implements EndpointHandler, KeepAlivePeer {
  readonly #endpoint: WebSocketEndpoint
  readonly #handler: RequestRendezvousHandler
  readonly #head: MessageCollector
  #state: 'head' | 'body' | 'done' = 'head'
  #inBody = false
  #sentFragment = false

  constructor(rendezvous: RendezvousSocket, handler: RequestRendezvousHandler) {
    this.#handler = handler
    this.#head = new MessageCollector({
      maxTextBytes: maxControlMessageBytes,
      maxBinaryBytes: 0,
      onText: (text) => this.#onHead(text),
      onBinary: () => this.#break('a binary message came before the response'),
      onTooLarge: () => this.#break('the response head is larger than 64 KiB'),
      onInvalidText: () => this.#break('the response head is not UTF-8'),
    })
    rendezvous.socket.write(formatSwitchingProtocols({ key: rendezvous.upgrade.key }), 'latin1')
    this.#endpoint = new WebSocketEndpoint({
      stream: rendezvous.socket,
      role: 'server',
      handler: this,
      head: rendezvous.head,
    })
  }

  get bytesReceived(): number {
    return this.#endpoint.bytesReceived
  }

  get isPaused(): boolean {
    return this.#endpoint.isPaused
  }

  ping(): void {
    this.#endpoint.ping()
  }

  onSilent(): void {
    this.#endpoint.abort()
  }

  sendRequest(text: string): void {
    this.#endpoint.sendText(text)
  }

  /** @returns false when the listener reads more slowly: wait for `onDrain` */
  sendBody(chunk: Uint8Array): boolean {
    const first = !this.#sentFragment
    this.#sentFragment = true
    return this.#endpoint.sendFragment('binary', chunk, { first, last: false })
  }

  /** An upload of unknown length ends with an empty FIN frame (observed). */
  endBody(): void {
    this.#endpoint.sendFragment('binary', new Uint8Array(0), { first: !this.#sentFragment, last: true })
  }

  resume(): void {
    this.#endpoint.resume()
  }

  /** Ends the socket in good order. */
  close(): void {
    this.#state = 'done'
    this.#endpoint.close(1000, '')
  }

  /** Cuts the socket so that the listener notices at once: the sender is gone. */
  abort(): void {
    this.#state = 'done'
    this.#endpoint.abort()
  }

  onMessageStart(kind: 'text' | 'binary'): void {
    if (this.#state === 'head') this.#head.onMessageStart(kind)
    else this.#inBody = this.#state === 'body' && kind === 'binary'
  }

  onMessageData(chunk: Uint8Array): void {
    if (this.#state === 'head') this.#head.onMessageData(chunk)
    else if (this.#inBody && !this.#handler.onResponseBody(chunk)) this.#endpoint.pause()
  }

  onMessageEnd(): void {
    if (this.#state === 'head') this.#head.onMessageEnd()
    else if (this.#inBody) this.#complete()
  }

  /** The Java client never sends FIN: its CLOSE 1000 is the end of the body (observed). */
  onCloseFrame(code: number | undefined): void {
    if (this.#state === 'body' && (code === 1000 || code === undefined)) this.#complete()
  }

  onDrain(): void {
    this.#handler.onDrain()
  }

  onEnd(cause: { readonly code: number; readonly reason: string }): void {
    this.#break(`the rendezvous ended with ${cause.code} ${cause.reason}`.trimEnd(), 'ListenerLost')
  }

  #onHead(text: string): void {
    const decoded = decodeListenerMessage(text)
    if (decoded.kind !== 'response') {
      this.#break(
        decoded.kind === 'malformed' ? decoded.reason : `a ${decoded.kind} message came where a response was due`,
      )
      return
    }
    this.#state = 'body'
    this.#handler.onResponseHead(decoded.message)
    if (!decoded.message.body) this.#complete()
  }

  #complete(): void {
    if (this.#state === 'done') return
    this.#state = 'done'
    this.#handler.onResponseEnd()
  }

  #break(reason: string, code: 'ListenerLost' | 'ListenerProtocolViolation' = 'ListenerProtocolViolation'): void {
    if (this.#state === 'done') return
    this.#state = 'done'
    this.#endpoint.abort()
    this.#handler.onBroken(code, reason)
  }
}
