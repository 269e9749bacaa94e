import { EndpointPeer, type KeepAlive, MessageCollector, WebSocketEndpoint } from '@postern/websocket'
import type { DialedSocket } from './dial-relay.ts'

/** CLOSE codes for a message that is not taken, and what is said with them. RFC 6455 section 7.4.1. */
const unreadable = { 1007: 'The text is not UTF-8', 1009: 'The message is too large' } as const

type UnreadableCode = keyof typeof unreadable

/** How a {@link MessageSocket} ended. */
export interface MessageSocketEnd {
  /** `silent`: nobody answered. `cut`: TCP ended without a CLOSE. `closed`: the relay or we said CLOSE. */
  readonly how: 'silent' | 'cut' | 'closed'
  readonly code: number
  readonly reason: string
  readonly cause: Error | undefined
}

/** What a {@link MessageSocket} is made from. Messages are heard from the next turn of the event loop on. */
export interface MessageSocketOptions extends Pick<DialedSocket, 'socket' | 'head'> {
  readonly keepAlive: KeepAlive
  readonly maxTextBytes: number
  readonly maxBinaryBytes: number
  readonly onText: (text: string) => void
  /** The bytes are the receiver's. */
  readonly onBinary: (bytes: Uint8Array) => void
  /** A message passed its limit (1009) or was not UTF-8 (1007); nothing is heard afterwards. Default: {@link MessageSocket.refuse}. */
  readonly onUnreadable?: (closeCode: UnreadableCode) => void
  readonly onDrain?: () => void
  /** Called exactly once. */
  readonly onEnd: (end: MessageSocketEnd) => void
}

/** Stands for a TCP connection that ended without a CLOSE. RFC 6455 section 7.4.1. */
const abnormalClosure = 1006

const normalClosure = 1000

/** A WebSocket to the relay on which whole messages pass, and whose silence is noticed. */
export class MessageSocket {
  readonly #endpoint: WebSocketEndpoint
  #isSilent = false

  constructor(options: MessageSocketOptions) {
    const { socket, head, keepAlive, maxTextBytes, maxBinaryBytes, onText, onBinary, onDrain } = options
    const onUnreadable = options.onUnreadable ?? ((code) => this.refuse(code))
    const collector = new MessageCollector({
      maxTextBytes,
      maxBinaryBytes,
      onText,
      onBinary,
      onTooLarge: () => onUnreadable(1009),
      onInvalidText: () => onUnreadable(1007),
    })
    this.#endpoint = new WebSocketEndpoint({
      stream: socket,
      head,
      role: 'client',
      handler: {
        onMessageStart: (kind) => collector.onMessageStart(kind),
        onMessageData: (chunk) => collector.onMessageData(chunk),
        onMessageEnd: () => collector.onMessageEnd(),
        onCloseFrame: () => {},
        onDrain: () => onDrain?.(),
        onEnd: ({ code, reason, error }) => {
          keepAlive.delete(peer)
          const closed = code === abnormalClosure ? 'cut' : 'closed'
          options.onEnd({ how: this.#isSilent ? 'silent' : closed, code, reason, cause: error })
        },
      },
    })
    const peer = new EndpointPeer(this.#endpoint, () => this.abandon())
    keepAlive.add(peer)
  }

  /** Grows with every byte of the relay. */
  get bytesReceived(): number {
    return this.#endpoint.bytesReceived
  }

  /** @returns false when the relay reads more slowly: `onDrain` follows */
  sendText(text: string): boolean {
    return this.#endpoint.sendText(text)
  }

  /** @returns false when the relay reads more slowly: `onDrain` follows. The bytes must not change before that. */
  sendBinary(bytes: Uint8Array): boolean {
    return this.#endpoint.sendBinary(bytes)
  }

  /** Asks the relay for a sign of life. */
  ping(): void {
    this.#endpoint.ping()
  }

  /** Reads no more; a few messages that were read already still come. */
  pause(): void {
    this.#endpoint.pause()
  }

  resume(): void {
    this.#endpoint.resume()
  }

  /** Says good-bye; `onEnd` follows when the relay has answered or 5 s later. */
  close(): void {
    this.#endpoint.close(normalClosure, 'Normal Closure')
  }

  /** Closes it for a message that cannot be read. */
  refuse(closeCode: UnreadableCode): void {
    this.#endpoint.close(closeCode, unreadable[closeCode])
  }

  /** Cuts it; `onEnd` follows. */
  abort(): void {
    this.#endpoint.abort()
  }

  /** Cuts it as one on which nobody answers; `onEnd` follows. */
  abandon(): void {
    this.#isSilent = true
    this.#endpoint.abort()
  }
}
