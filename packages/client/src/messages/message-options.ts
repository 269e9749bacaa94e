import { RelayError } from '@postern/protocol'

/** `send` is for one receiver, `publish` for every one. */
export type MessageAction = 'send' | 'publish'

/** What a message is made of: text goes as UTF-8. */
export type MessageBody = string | Uint8Array

/** What the relay says of a message that it has taken. */
export interface MessageReceipt {
  /**
   * To how many receivers' connections the message was written. It says nothing about whether they processed it; 0 when nobody was
   * there to receive what was published.
   */
  readonly receivers: number
  /** A GUID that receivers see too. */
  readonly messageId: string
}

/** Options of one message. */
export interface MessageOptions {
  /** Default: `text/plain; charset=utf-8` for text, `application/octet-stream` for anything else. */
  readonly contentType?: string
  /** Headers for receivers that are listeners. Subscribers see the body only. */
  readonly headers?: Readonly<Record<string, string>>
  /** More path below the hybrid connection, percent-encoded; receivers that are listeners see it. */
  readonly suffix?: string
  /** A query of our own, without `?`, percent-encoded; receivers that are listeners see it. */
  readonly query?: string
  /** Bound for the whole call, in ms. Default 20 s. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  /** Longest body, in bytes. Default 64 KiB; more makes sense only with a relay whose `--max-message-bytes` is higher. */
  readonly maxMessageBytes?: number
}

/** The content type of a message that does not say what it is. */
export function contentTypeOf(body: unknown): string {
  return typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/octet-stream'
}

/** @throws {RelayError} MessageTooLarge */
export function checkMessageSize(bytes: number, maxMessageBytes: number): void {
  if (bytes <= maxMessageBytes) return
  throw new RelayError('MessageTooLarge', {
    message: `The message has more than ${maxMessageBytes} bytes`,
    help: 'Split it, or send a link to what it is about: messages are small, requests and connections carry the rest.',
  })
}
