import { STATUS_CODES } from 'node:http'
import { Writable } from 'node:stream'
import { maxControlBodyBytes, type ResponseMessage } from '@postern/protocol'

/** A body that is being sent piece by piece. */
export interface ResponseBodyWriter {
  /** False when the bytes wait in memory: write no more until `onDrain`. */
  write(bytes: Uint8Array): boolean
  end(): void
  abort(): void
}

/** What a body that is being sent has to say. */
export interface ResponseBodyEvents {
  onDrain(): void
  /** The sender or the relay has gone. */
  onGone(error: Error): void
}

/** The two ways for an answer to reach the relay. */
export interface ResponseTransport {
  /** Sends head and body (at most 64 KiB) in one go. */
  sendWhole(head: ResponseMessage, body: Uint8Array): void
  /** Opens a rendezvous, if there is none yet, and sends the head over it. */
  begin(head: ResponseMessage, events: ResponseBodyEvents): Promise<ResponseBodyWriter>
}

/**
 * A body that is not whole by then travels over a rendezvous, as it comes: late enough that ordinary answers need no
 * rendezvous (a handshake of about 3 ms of CPU), early enough for server-sent events.
 */
const flushAfterMs = 50

/**
 * The answer to an HTTP request. It looks like `http.ServerResponse` where it can: set `statusCode` and headers, write,
 * end. Answers of at most 64 KiB that are whole at once go over the control channel; all others are streamed over a
 * connection of their own, with back-pressure. `flushHeaders()` begins that at once.
 *
 * @example
 * response.statusCode = 404
 * response.setHeader('content-type', 'text/plain')
 * response.end('no such page\n')
 */
export class RelayedResponse extends Writable {
  /** HTTP status, 100 to 599. Default 200. */
  statusCode = 200
  /** Reason phrase. Default: the usual one of the status. */
  statusDescription: string | undefined
  readonly #requestId: string
  readonly #transport: ResponseTransport
  readonly #headers = new Map<string, { name: string; value: string }>()
  #buffered: Uint8Array[] = []
  #bufferedBytes = 0
  #timer: NodeJS.Timeout | undefined
  #writer: ResponseBodyWriter | undefined
  #starting: Promise<ResponseBodyWriter> | undefined
  #isAnswered = false
  #waiting: (() => void) | undefined

  constructor(requestId: string, transport: ResponseTransport) {
    super()
    this.#requestId = requestId
    this.#transport = transport
  }

  /** True when status and headers are on their way and cannot be changed any more. */
  get headersSent(): boolean {
    return this.#isAnswered
  }

  /** Sets a header field; several values are joined by `", "`, since a relayed response has each name once. */
  setHeader(name: string, value: string | number | readonly string[]): this {
    const text = typeof value === 'object' ? value.join(', ') : String(value)
    this.#headers.set(name.toLowerCase(), { name, value: text })
    return this
  }

  /** The value of a header field that was set. */
  getHeader(name: string): string | undefined {
    return this.#headers.get(name.toLowerCase())?.value
  }

  /** Takes a header field back. */
  removeHeader(name: string): void {
    this.#headers.delete(name.toLowerCase())
  }

  /** Sets status and headers in one go. */
  writeHead(statusCode: number, headers: Readonly<Record<string, string | number | readonly string[]>> = {}): this {
    this.statusCode = statusCode
    for (const [name, value] of Object.entries(headers)) this.setHeader(name, value)
    return this
  }

  /** Sends status and headers now; the body follows as it comes. */
  flushHeaders(): void {
    this.#begin().catch((error: Error) => this.destroy(error))
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#writer) {
      this.#send(chunk, done)
      return
    }
    this.#buffered.push(chunk)
    this.#bufferedBytes += chunk.length
    if (this.#starting || this.#bufferedBytes > maxControlBodyBytes) {
      this.#begin().then(() => done(), done)
      return
    }
    this.#timer ??= setTimeout(() => this.flushHeaders(), flushAfterMs)
    done()
  }

  override _final(done: (error?: Error | null) => void): void {
    clearTimeout(this.#timer)
    if (this.#starting) {
      this.#starting.then((writer) => {
        writer.end()
        done()
      }, done)
      return
    }
    this.#isAnswered = true
    this.#transport.sendWhole(this.#head(this.#bufferedBytes > 0), Buffer.concat(this.#buffered))
    this.#buffered = []
    done()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#timer)
    if (this.#writer && !this.writableFinished) this.#writer.abort()
    else if (this.#starting && !this.writableFinished)
      this.#starting.then(
        (writer) => writer.abort(),
        () => {},
      )
    this.#buffered = []
    this.#release()
    done(error)
  }

  #begin(): Promise<ResponseBodyWriter> {
    clearTimeout(this.#timer)
    this.#isAnswered = true
    this.#starting ??= this.#transport
      .begin(this.#head(true), {
        onDrain: () => this.#release(),
        onGone: (error) => {
          if (!this.writableFinished) this.destroy(error)
        },
      })
      .then((writer) => this.#flush(writer))
    return this.#starting
  }

  #flush(writer: ResponseBodyWriter): ResponseBodyWriter {
    this.#writer = writer
    for (const chunk of this.#buffered) writer.write(chunk)
    this.#buffered = []
    return writer
  }

  #send(chunk: Uint8Array, done: () => void): void {
    if (this.#writer?.write(chunk)) done()
    else this.#waiting = done
  }

  #release(): void {
    const done = this.#waiting
    this.#waiting = undefined
    done?.()
  }

  #head(hasBody: boolean): ResponseMessage {
    const responseHeaders = Object.create(null) as Record<string, string>
    for (const { name, value } of this.#headers.values()) responseHeaders[name] = value
    return {
      requestId: this.#requestId,
      statusCode: this.statusCode,
      statusDescription: this.statusDescription ?? STATUS_CODES[this.statusCode] ?? '',
      responseHeaders,
      body: hasBody,
    }
  }
}
