import { ByteStream } from '@postern/websocket'
import type { RelayedConnection } from '../connection/relayed-connection.ts'

/** What a {@link RelayedStream} needs of the connection that it takes over. */
export type RelayedBytes = Pick<
  RelayedConnection,
  'trackingId' | 'protocol' | 'open' | 'send' | 'end' | 'abort' | 'pause' | 'resume'
>

/**
 * A relayed connection as a Node stream: what an application reads and writes.
 *
 * - `end()` ends our direction only; the peer's bytes still arrive (`allowHalfOpen`, as `net.Socket` has it when asked).
 * - The event `end` means that the peer has sent all it wanted. A connection that was cut gives `error` with a
 *   RelayError instead, so a truncated file is never taken for a whole one.
 * - `destroy()` before both directions have ended cuts the connection: the peer gets an error.
 * - Both directions hold back whoever is faster: at most 64 KiB wait in the stream.
 *
 * @example
 * const stream = await connect({ connectionString })
 * stream.end('hello\n')
 * for await (const chunk of stream) process.stdout.write(chunk)
 */
export class RelayedStream extends ByteStream {
  readonly #connection: RelayedBytes

  /** Takes the connection over; it must not have been opened. */
  constructor(connection: RelayedBytes) {
    super(connection)
    this.#connection = connection
  }

  /** The id under which relay and peer have logged this connection. */
  get trackingId(): string {
    return this.#connection.trackingId
  }

  /** The subprotocol that both ends have agreed on. */
  get protocol(): string | undefined {
    return this.#connection.protocol
  }
}
