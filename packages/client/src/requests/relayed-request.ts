import { Readable } from 'node:stream'
import type { RequestMessage } from '@postern/protocol'

/** By these the relay says that a request is a message. docs/protocol/messages.md, "Receiving as a listener" */
const deliveryHeader = 'sb-hc-delivery'
const messageIdHeader = 'sb-hc-message-id'

/** Holds the sender back, and lets it go on. */
export interface RequestBodyFlow {
  pause(): void
  resume(): void
}

/**
 * An HTTP request that came through the relay: its head as properties, its body as a Node stream. Reading slowly holds
 * the sender back.
 *
 * @example
 * const chunks = []
 * for await (const chunk of request) chunks.push(chunk)
 */
export class RelayedRequest extends Readable {
  /** Id of the request; relay and sender log it too. */
  readonly id: string
  /** Method as the sender wrote it. */
  readonly method: string
  /** Path, beginning with the name of the hybrid connection, and query. */
  readonly url: string
  /** Header fields with lower-case names; repeated ones are joined by `", "`. */
  readonly headers: Readonly<Record<string, string>>
  /** Where the sender is, as the relay sees it. */
  readonly remoteEndpoint: Readonly<RequestMessage['remoteEndpoint']>
  /**
   * `send` or `publish` when this is a message: the sender has its answer already, and nobody gets a response. Undefined for a request that
   * waits for one. Only Postern's relays say it; others pass on what a sender claims.
   */
  readonly delivery: 'send' | 'publish' | undefined
  /** Id of the message, which the sender knows too; undefined for a request. */
  readonly messageId: string | undefined
  /** Aborted when the sender has gone before the response was whole (known only once a rendezvous is open). */
  readonly signal: AbortSignal
  readonly #flow: RequestBodyFlow | undefined
  readonly #gone = new AbortController()

  constructor(message: RequestMessage, flow?: RequestBodyFlow) {
    super()
    this.id = message.id
    this.method = message.method
    this.url = message.requestTarget
    const headers = Object.create(null) as Record<string, string>
    for (const [name, value] of Object.entries(message.requestHeaders)) headers[name.toLowerCase()] = value
    this.headers = headers
    const { [deliveryHeader]: delivery, [messageIdHeader]: messageId } = headers
    this.delivery = delivery === 'send' || delivery === 'publish' ? delivery : undefined
    this.messageId = this.delivery && messageId
    this.remoteEndpoint = message.remoteEndpoint
    this.signal = this.#gone.signal
    this.#flow = flow
  }

  /** Called by the part that reads from the relay: body bytes, which must be owned by the stream. */
  deliver(bytes: Uint8Array): void {
    if (!this.push(bytes)) this.#flow?.pause()
  }

  /** Called by the part that reads from the relay: the body is whole. */
  deliverEnd(): void {
    this.push(null)
  }

  /** Called by the part that reads from the relay: the sender has gone. */
  abandon(reason: Error): void {
    this.#gone.abort(reason)
    // Without a listener an 'error' would end the process, and most handlers never look at an empty body.
    if (!this.readableEnded) this.destroy(this.listenerCount('error') > 0 ? reason : undefined)
  }

  override _read(): void {
    this.#flow?.resume()
  }
}
