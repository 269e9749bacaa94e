import { once } from 'node:events'
import { Agent, request } from 'node:https'
import { text } from 'node:stream/consumers'

export interface KeepAliveClientOptions {
  readonly port: number
  /** Name in `Host` and in the TLS handshake. */
  readonly host: string
  readonly ca: string
  readonly headers: Readonly<Record<string, string>>
  /** Connections at most. */
  readonly connections: number
}

export interface Answer {
  readonly status: number
  readonly body: string
  /** From the first byte of the request to the last of the answer. */
  readonly ms: number
}

/** Asks over HTTPS connections that stay open. */
export class KeepAliveClient {
  readonly #options: KeepAliveClientOptions
  readonly #agent: Agent
  #opened = 0

  constructor(options: KeepAliveClientOptions) {
    this.#options = options
    this.#agent = new Agent({ keepAlive: true, maxSockets: options.connections })
  }

  /** Connections opened so far: with keep-alive, no more than asked for. */
  get opened(): number {
    return this.#opened
  }

  async ask(method: string, path: string, body?: object): Promise<Answer> {
    const { port, host, ca, headers } = this.#options
    const isForm = body instanceof URLSearchParams
    const payload = body === undefined ? undefined : isForm ? body.toString() : JSON.stringify(body)
    const beganMs = performance.now()
    const sent = request({
      method,
      path,
      host: '127.0.0.1',
      port,
      ca,
      servername: host,
      agent: this.#agent,
      headers: {
        ...headers,
        Host: `${host}:${port}`,
        ...(payload !== undefined && {
          'Content-Type': isForm ? 'application/x-www-form-urlencoded' : 'application/json',
          'Content-Length': Buffer.byteLength(payload),
        }),
      },
    })
    sent.once('socket', () => {
      if (!sent.reusedSocket) this.#opened += 1
    })
    sent.end(payload)
    const [response] = await once(sent, 'response')
    const answer = await text(response)
    return { status: response.statusCode, body: answer, ms: performance.now() - beganMs }
  }

  /** @throws {Error} unless the answer is a success */
  async demand(method: string, path: string, body?: object): Promise<Answer> {
    const answer = await this.ask(method, path, body)
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`)
    return answer
  }

  close(): void {
    this.#agent.destroy()
  }
}
