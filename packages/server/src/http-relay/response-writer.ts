import { type ServerResponse, STATUS_CODES } from 'node:http'
import { type ResponseMessage, toReasonPhrase, toResponseHeaders } from '@postern/protocol'

/** Statuses that never carry a body (RFC 9110 sections 15.3.5 and 15.4.5). */
const bodiless = new Set([204, 304])

/** What Azure adds when a body has no type of its own (observed: it adds one; this is the safe choice). */
const defaultContentType = 'application/octet-stream'

/** Writes a listener's response to the sender: head once, body as it comes. */
export class ResponseWriter {
  readonly #response: ServerResponse
  readonly #via: string
  readonly #isHead: boolean
  /** Body bytes given to the sender. */
  bytes = 0
  #dropsBody = false

  constructor(options: { readonly response: ServerResponse; readonly via: string; readonly method: string }) {
    this.#response = options.response
    this.#via = options.via
    this.#isHead = options.method === 'HEAD'
  }

  get headSent(): boolean {
    return this.#response.headersSent
  }

  /**
   * Writes status line and headers. `bodyLength` is the whole body's length when it is known: then the head leaves together
   * with what comes next, which is at hand. Otherwise it leaves at once, and the body is chunked.
   * @returns what is wrong with the message, or undefined when it was written
   */
  writeHead(message: ResponseMessage, bodyLength: number | undefined): string | undefined {
    const { statusCode } = message
    if (!Number.isInteger(statusCode) || statusCode < 200 || statusCode > 999)
      return `status ${statusCode} is not final`
    this.#dropsBody = this.#isHead || bodiless.has(statusCode)
    const headers = toResponseHeaders(message.responseHeaders, { via: this.#via })
    const hasType = headers.some(([name]) => name.toLowerCase() === 'content-type')
    if (!hasType && message.body && bodyLength !== 0 && !bodiless.has(statusCode)) {
      headers.push(['Content-Type', defaultContentType])
    }
    if (bodyLength !== undefined && !bodiless.has(statusCode)) headers.push(['Content-Length', String(bodyLength)])
    const reason = toReasonPhrase(message.statusDescription || STATUS_CODES[statusCode] || '')
    try {
      this.#response.writeHead(statusCode, reason, headers.flat())
      if (bodyLength === undefined) this.#response.flushHeaders()
      return undefined
    } catch (error) {
      return error instanceof Error ? error.message : 'the response head is not valid HTTP'
    }
  }

  /** @returns false when the sender reads more slowly: wait for the response's 'drain' */
  write(chunk: Uint8Array): boolean {
    if (this.#dropsBody) return true
    this.bytes += chunk.length
    return this.#response.write(chunk)
  }

  /** @param body the rest, or all of it: what is given here leaves in one piece with a head that has not left. */
  end(body?: Uint8Array): void {
    if (body === undefined || this.#dropsBody) {
      this.#response.end()
      return
    }
    this.bytes += body.length
    this.#response.end(body)
  }

  /** Cuts the connection, so that the sender cannot take a part for the whole. */
  abort(): void {
    this.#response.destroy()
  }
}
