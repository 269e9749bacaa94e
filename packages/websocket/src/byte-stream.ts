import { Duplex } from 'node:stream'
import type { BytePipe } from './byte-pipe.ts'

/** Bytes that wait in each direction before the other side is held back; one full frame of the relay. */
const highWaterMark = 65_536

/** What a {@link ByteStream} needs of the pipe that it takes over. */
export type StreamedBytes = Pick<BytePipe<Error>, 'open' | 'send' | 'end' | 'abort' | 'pause' | 'resume'>

/**
 * A byte pipe as a Node stream.
 *
 * - `end()` ends our direction only; the peer's bytes still arrive (`allowHalfOpen`, as `net.Socket` has it when asked).
 * - The event `end` means that the peer has sent all it wanted. A connection that was cut gives `error` instead.
 * - `destroy()` before both directions have ended cuts the connection: the peer gets an error.
 * - Both directions hold back whoever is faster: at most 64 KiB wait in the stream.
 */
export class ByteStream extends Duplex {
  readonly #connection: StreamedBytes
  #waiting: (() => void) | undefined
  #closed = false
  #peerEnded = false

  /** Takes the connection over; it must not have been opened. */
  constructor(connection: StreamedBytes) {
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

  #onClosed(error: Error | undefined): void {
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
