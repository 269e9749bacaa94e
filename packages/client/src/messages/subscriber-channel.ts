import { RelayError } from '@postern/protocol'
import type { KeepAlive } from '@postern/websocket'
import { codeOfText } from '../connection/code-of-text.ts'
import type { DialedSocket } from '../connection/dial-relay.ts'
import { MessageSocket, type MessageSocketEnd } from '../connection/message-socket.ts'

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

const policyViolation = 1008
/** Said to a subscriber for whom too much was waiting. docs/protocol/messages.md, "Slow receivers". */
const tryAgainLater = 1013

/** One WebSocket of a subscriber: messages in, nothing out. docs/protocol/messages.md, "Receiving as a subscriber". */
export class SubscriberChannel {
  readonly #messages: MessageSocket
  readonly #handler: SubscriberChannelHandler
  #isTooLarge = false

  constructor({ socket, head, keepAlive, maxMessageBytes, handler }: SubscriberChannelParts) {
    this.#handler = handler
    this.#messages = new MessageSocket({
      socket,
      head,
      keepAlive,
      maxTextBytes: maxMessageBytes,
      maxBinaryBytes: maxMessageBytes,
      onText: (text) => handler.onMessage(text),
      onBinary: (bytes) => handler.onMessage(bytes),
      onUnreadable: (closeCode) => {
        this.#isTooLarge = closeCode === 1009
        this.#messages.refuse(closeCode)
      },
      onEnd: (end) => this.#onEnd(end),
    })
  }

  /** Reads no more; a few messages that were read already still come. */
  pause(): void {
    this.#messages.pause()
  }

  resume(): void {
    this.#messages.resume()
  }

  /** Says good-bye; `onLost` follows when the relay has answered or 5 s later. */
  close(): void {
    this.#messages.close()
    // Its answer stands behind messages that nobody reads.
    this.#messages.resume()
  }

  #onEnd(end: MessageSocketEnd): void {
    const { code, reason, cause } = end
    const known = codeOfText(reason, (entry) => entry.closeCode === code)
    const meaning = known?.code ?? (code === policyViolation ? 'TokenExpiredOnChannel' : 'ConnectionFailed')
    const error = new RelayError(meaning, { message: this.#describeEnd(end), cause })
    this.#handler.onLost(error, code === tryAgainLater)
  }

  #describeEnd({ how, code, reason }: MessageSocketEnd): string {
    if (how === 'silent') return 'The relay has gone silent'
    if (this.#isTooLarge) return 'A message was larger than this subscriber takes'
    if (how === 'cut') return 'The connection to the relay was cut'
    if (code === tryAgainLater) return `The relay has closed a slow subscriber: ${code} ${reason}`.trimEnd()
    return `The relay has closed the connection: ${code} ${reason}`.trimEnd()
  }
}
