import { freePort } from './free-port.ts'
import { ServerProgram } from './server-program.ts'

/** More than what fits an answer over UDP, so that the client asks again over TCP. */
const longText = Array.from({ length: 8 }, (_, index) => String(index).repeat(200))

/** A real DNS server that knows `db.corp.test` and `long.corp.test`, over UDP and TCP. */
export class DnsServer implements AsyncDisposable {
  readonly port: number
  readonly #server: ServerProgram

  private constructor(port: number, server: ServerProgram) {
    this.port = port
    this.#server = server
  }

  static async start(): Promise<DnsServer> {
    const port = await freePort()
    const server = await ServerProgram.start({
      command: 'dnsmasq',
      args: [
        '--keep-in-foreground',
        '--conf-file=/dev/null',
        '--no-hosts',
        '--no-resolv',
        '--pid-file=',
        '--user=root',
        `--port=${port}`,
        '--listen-address=127.0.0.1',
        '--bind-interfaces',
        '--address=/db.corp.test/10.1.2.3',
        `--txt-record=long.corp.test,${longText.join(',')}`,
      ],
      ready: port,
    })
    return new DnsServer(port, server)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]()
  }
}
