import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A private HTTP service: it listens on the loopback address only and says what it was asked. */
export class DemoService implements AsyncDisposable {
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  /** Starts it on any free port. */
  static async start(): Promise<DemoService> {
    const server = createServer((request, response) => {
      // The body is of no interest, but a sender that still writes it would see a reset.
      request.resume()
      response.setHeader('content-type', 'text/plain; charset=utf-8')
      response.end(`Hello from a private service.
It listens on 127.0.0.1:${request.socket.localPort} only; you reached it through the relay with ${request.method} ${request.url}
`)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new DemoService(server)
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }
}
