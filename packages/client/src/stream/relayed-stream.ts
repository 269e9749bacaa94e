import { Duplex } from 'node:stream'
import type { RelayError } from '@postern/protocol'
import type { RelayedConnection } from '../connection/relayed-connection.ts'

/** Bytes that wait in each direction before the other side is held back; one full frame of the relay. */
const highWaterMark = 65_536

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
export class RelayedStream extends Duplex {
  readonly #connection: RelayedBytes
  #waiting: (() => void) | undefined
  #closed = false
  #peerEnded = false

  /** Takes the connection over; it must not have been opened. */
  constructor(connection: RelayedBytes) {
    super({ allowHalfOpen: true, readableHighWaterMark: highWaterMark, writableHighWaterMark: highWaterMark })
    this.#connection = connection
    connection.open({
      onData: (chunk) => {
        if (!this.push(Buffer.from(chunk))) connection.pause()
      },
      onEof: () => {
        this.#peerEnded = true
        this.push(null)
      },
      onDrain: () => this.#release(),
      onClosed: (error) => this.#onClosed(error),
    })
  }

  /** The id under which relay and peer have logged this connection. */
  get trackingId(): string {
    return this.#connection.trackingId
  }

  /** The subprotocol that both ends have agreed on. */
  get protocol(): string | undefined {
    return this.#connection.protocol
  }

  override _read(): void {
    this.#connection.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#connection.send(chunk)) done()
    else this.#waiting = done
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#connection.end()
    done()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const isOver = this.#peerEnded && this.writableFinished
    if (!this.#closed && !isOver) this.#connection.abort()
    this.#release()
    done(error)
  }

  #onClosed(error: RelayError | undefined): void {
    this.#closed = true
    if (error) this.destroy(error)
    else this.#release()
  }

  #release(): void {
    const done = this.#waiting
    this.#waiting = undefined
    done?.()
  }
}
