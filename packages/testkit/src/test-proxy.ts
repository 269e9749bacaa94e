import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingMessage } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ServerCertificate } from './test-authority.ts'

/** Settings of {@link startTestProxy}. */
export interface TestProxyOptions {
  readonly kind: 'http' | 'socks5'
  /** With it an http proxy is spoken to by TLS. */
  readonly certificate?: ServerCertificate
  /** Default: everybody may. */
  readonly credentials?: { readonly user: string; readonly password: string }
  /** Where names lead that no resolver knows. */
  readonly names?: Readonly<Record<string, string>>
  /** Refuses everything with this status, or code of SOCKS. */
  readonly refuses?: number
}

/** A proxy of a corporate network, as far as a test needs it. */
export interface TestProxy extends AsyncDisposable {
  readonly port: number
  /** `scheme://127.0.0.1:port` */
  readonly url: string
  /** `host:port` of every tunnel that was asked for, in order. */
  readonly asked: readonly string[]
  /** Cuts every tunnel that is open. */
  cut(): void
}

interface Desk {
  readonly options: TestProxyOptions
  readonly asked: string[]
  readonly sockets: Set<Duplex>
}

/** Starts a proxy on a free port of loopback. */
export async function startTestProxy(options: TestProxyOptions): Promise<TestProxy> {
  const desk: Desk = { options, asked: [], sockets: new Set() }
  const server = options.kind === 'http' ? httpProxy(desk) : createServer((socket) => void serveSocks(socket, desk))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const cut = (): void => {
    for (const socket of desk.sockets) socket.destroy()
  }
  return {
    port,
    url: `${options.kind === 'socks5' ? 'socks5h' : options.certificate ? 'https' : 'http'}://127.0.0.1:${port}`,
    asked: desk.asked,
    cut,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      cut()
      await closed
    },
  }
}

function httpProxy(desk: Desk): Server {
  const { certificate, credentials, refuses } = desk.options
  const server = certificate ? createHttpsServer(certificate) : createHttpServer()
  server.on('connection', (socket: Socket) => hold(socket, desk))
  server.on('connect', (request: IncomingMessage, socket: Duplex) => {
    hold(socket, desk)
    desk.asked.push(request.url ?? '')
    const wanted =
      credentials && `Basic ${Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64')}`
    if (wanted !== undefined && request.headers['proxy-authorization'] !== wanted) {
      socket.end(
        'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n',
      )
      return
    }
    if (refuses !== undefined) {
      socket.end(`HTTP/1.1 ${refuses} No\r\nContent-Length: 5\r\n\r\nsorry`)
      return
    }
    lead(request.url ?? '', desk)
      .then((target) => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
        join(socket, target)
      })
      .catch(() => socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n'))
  })
  return server
}

async function serveSocks(socket: Socket, desk: Desk): Promise<void> {
  hold(socket, desk)
  const { credentials, refuses } = desk.options
  const bytes = new ByteReader(socket)
  const [, count = 0] = await bytes.take(2)
  const methods = await bytes.take(count)
  const method = credentials ? 2 : 0
  if (!methods.includes(method)) return void socket.end(Buffer.from([5, 0xff]))
  socket.write(Buffer.from([5, method]))
  if (credentials) {
    const user = (await bytes.take((await bytes.take(2))[1] ?? 0)).toString()
    const password = (await bytes.take((await bytes.take(1))[0] ?? 0)).toString()
    const isRight = user === credentials.user && password === credentials.password
    socket.write(Buffer.from([1, isRight ? 0 : 1]))
    if (!isRight) return void socket.end()
  }
  const [, , , kind] = await bytes.take(4)
  const host =
    kind === 3
      ? (await bytes.take((await bytes.take(1))[0] ?? 0)).toString()
      : kind === 1
        ? [...(await bytes.take(4))].join('.')
        : `[${(await bytes.take(16)).toString('hex').match(/..../g)?.join(':')}]`
  const port = (await bytes.take(2)).readUInt16BE()
  desk.asked.push(`${host}:${port}`)
  const reply = (code: number): Buffer => Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0])
  if (refuses !== undefined) return void socket.end(reply(refuses))
  try {
    const target = await lead(`${host}:${port}`, desk)
    bytes.release()
    socket.write(reply(0))
    join(socket, target)
  } catch {
    socket.end(reply(5))
  }
}

async function lead(authority: string, { options }: Desk): Promise<Socket> {
  const [, host = '', port] = /^(.*):(\d+)$/.exec(authority) ?? []
  const target = connect({ host: options.names?.[host] ?? host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) })
  await once(target, 'connect')
  return target
}

function join(one: Duplex, other: Duplex): void {
  one.pipe(other).pipe(one)
  one.on('error', () => other.destroy()).on('close', () => other.destroy())
  other.on('error', () => one.destroy()).on('close', () => one.destroy())
}

function hold(socket: Duplex, { sockets }: Desk): void {
  sockets.add(socket)
  socket.on('error', () => {}).on('close', () => sockets.delete(socket))
}

/** Takes bytes from a socket as they are asked for. */
class ByteReader {
  readonly #socket: Socket
  readonly #onData: (chunk: Buffer) => void
  #bytes = Buffer.alloc(0)
  #arrived = Promise.withResolvers<void>()

  constructor(socket: Socket) {
    this.#socket = socket
    this.#onData = (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk])
      this.#arrived.resolve()
      this.#arrived = Promise.withResolvers()
    }
    socket.on('data', this.#onData)
  }

  async take(count: number): Promise<Buffer> {
    while (this.#bytes.length < count) await this.#arrived.promise
    const taken = this.#bytes.subarray(0, count)
    this.#bytes = this.#bytes.subarray(count)
    return taken
  }

  release(): void {
    this.#socket.off('data', this.#onData).pause()
    if (this.#bytes.length > 0) this.#socket.unshift(this.#bytes)
  }
}
