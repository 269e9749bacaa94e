import { RelayError } from '@postern/protocol'
import { type KeepAlive, type KeepAlivePeer, MessageCollector, WebSocketEndpoint } from '@postern/websocket'
import { codeOfText } from '../connection/code-of-text.ts'
import type { DialedSocket } from '../connection/dial-relay.ts'

/** What comes over a {@link SubscriberChannel}. */
export interface SubscriberChannelHandler {
  onMessage(data: string | Uint8Array): void
  /** The channel is gone, exactly once. `isSlow`: the relay closed it because we had read too slowly. */
  onLost(error: RelayError, isSlow: boolean): void
}

/** What {@link SubscriberChannel} is made from. */
export interface SubscriberChannelParts extends Pick<DialedSocket, 'socket' | 'head'> {
  readonly keepAlive: KeepAlive
  readonly maxMessageBytes: number
  readonly handler: SubscriberChannelHandler
}

const normalClosure = 1000
const abnormalClosure = 1006
const policyViolation = 1008
/** Said to a subscriber for whom too much was waiting. docs/protocol/messages.md, "Slow receivers". */
const tryAgainLater = 1013

/** One WebSocket of a subscriber: messages in, nothing out. docs/protocol/messages.md, "Receiving as a subscriber". */
export class SubscriberChannel {
  readonly #endpoint: WebSocketEndpoint
  readonly #handler: SubscriberChannelHandler
  readonly #keepAlive: KeepAlive
  readonly #keepAlivePeer: KeepAlivePeer
  #isSilent = false
  #isTooLarge = false

  constructor({ socket, head, keepAlive, maxMessageBytes, handler }: SubscriberChannelParts) {
    this.#handler = handler
    this.#keepAlive = keepAlive
    const collector = new MessageCollector({
      maxTextBytes: maxMessageBytes,
      maxBinaryBytes: maxMessageBytes,
      onText: (text) => handler.onMessage(text),
      onBinary: (bytes) => handler.onMessage(bytes),
      onTooLarge: () => {
        this.#isTooLarge = true
        this.#endpoint.close(1009, 'The message is too large')
      },
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
      get isPaused() {
        return endpoint.isPaused
      },
      ping: () => endpoint.ping(),
      onSilent: () => {
        this.#isSilent = true
        endpoint.abort()
      },
    }
    keepAlive.add(this.#keepAlivePeer)
  }

  /** Reads no more; a few messages that were read already still come. */
  pause(): void {
    this.#endpoint.pause()
  }

  resume(): void {
    this.#endpoint.resume()
  }

  /** Says good-bye; `onLost` follows when the relay has answered or 5 s later. */
  close(): void {
    this.#endpoint.close(normalClosure, 'Normal Closure')
    // Its answer stands behind messages that nobody reads.
    this.#endpoint.resume()
  }

  #onEnd(code: number, reason: string, cause: Error | undefined): void {
    this.#keepAlive.delete(this.#keepAlivePeer)
    const known = codeOfText(reason, (entry) => entry.closeCode === code)
    const meaning = known?.code ?? (code === policyViolation ? 'TokenExpiredOnChannel' : 'ConnectionFailed')
    const error = new RelayError(meaning, { message: this.#describeEnd(code, reason), cause })
    this.#handler.onLost(error, code === tryAgainLater)
  }

  #describeEnd(code: number, reason: string): string {
    if (this.#isSilent) return 'The relay has gone silent'
    if (this.#isTooLarge) return 'A message was larger than this subscriber takes'
    if (code === abnormalClosure) return 'The connection to the relay was cut'
    if (code === tryAgainLater) return `The relay has closed a slow subscriber: ${code} ${reason}`.trimEnd()
    return `The relay has closed the connection: ${code} ${reason}`.trimEnd()
  }
}
