import type { RemoteEndpoint } from '../domain/remote-endpoint.ts'

/** What is said of a message to listeners: the same for all messages of a streaming sender that are of one kind. */
export interface MessageSource {
  /** Path with the entity's name, and query. */
  readonly requestTarget: string
  /** Without what only the relay may say. */
  readonly headers: Readonly<Record<string, string>>
  /** Empty when the sender did not say it. */
  readonly contentType: string
  readonly remote: RemoteEndpoint
}

/** One body on its way from a sender to its receivers. */
export interface Message {
  /** GUID */
  readonly id: string
  readonly delivery: 'send' | 'publish'
  readonly source: MessageSource
  readonly body: Uint8Array
}
