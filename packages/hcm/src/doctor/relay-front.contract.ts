import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, connect, type Server } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ServerCertificate } from '@postern/testkit'

/** What stands between an agent and its relay, and what it does wrong. */
export interface FrontOptions {
  /** `host:port` of a relay over plain TCP. */
  readonly relay: string
  /** With it TLS ends here. */
  readonly certificate?: ServerCertificate
  /** Forwards handshakes as ordinary requests. */
  readonly stripsUpgrade?: boolean
  /** Answers everything by itself, with 200. */
  readonly answersItself?: boolean
  /** Cuts control channels so long after they were opened. */
  readonly cutsAfterMs?: number
  /** Does not let listeners to their rendezvous. */
  readonly refusesAccept?: boolean
  /** Its clock, and so the Date of all answers, is so much ahead. */
  readonly aheadMs?: number
}

/** A front that runs. */
export interface Front extends AsyncDisposable {
  readonly port: number
}

/** Starts a front on a free port of loopback. */
export async function startFront(options: FrontOptions): Promise<Front> {
  const sockets = new Set<Duplex>()
  const { certificate } = options
  const server: Server = certificate ? createHttpsServer(certificate) : createHttpServer()
  server.on('connection', (socket: Duplex) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  })
  server.on('request', (message: IncomingMessage, response: ServerResponse) => passRequest(message, response, options))
  // Without a listener Node treats handshakes as ordinary requests.
  if (!options.stripsUpgrade && !options.answersItself) {
    server.on('upgrade', (message: IncomingMessage, socket: Duplex, head: Buffer) =>
      passUpgrade(message, { socket, head, options }),
    )
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

function passRequest(message: IncomingMessage, response: ServerResponse, options: FrontOptions): void {
  if (options.answersItself) {
    response.writeHead(200, { Server: 'corporate-gateway', Via: '1.1 gateway' }).end('<html>Please sign in</html>')
    return
  }
  const [host, port] = options.relay.split(':')
  const { upgrade: _, connection: __, ...headers } = message.headers
  const onward = request({ host, port, method: message.method, path: message.url, headers }, (answer) => {
    const date = new Date(Date.now() + (options.aheadMs ?? 0)).toUTCString()
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, { ...answer.headers, date })
    answer.pipe(response)
  })
  onward.on('error', () => response.destroy())
  message.pipe(onward)
}

function passUpgrade(
  message: IncomingMessage,
  { socket, head, options }: { readonly socket: Duplex; readonly head: Buffer; readonly options: FrontOptions },
): void {
  if (options.refusesAccept && message.url?.includes('sb-hc-action=accept')) {
    socket.end('HTTP/1.1 403 Blocked by policy\r\nContent-Length: 0\r\n\r\n')
    return
  }
  const [host = '', port] = options.relay.split(':')
  const onward = connect({ host, port: Number(port) })
  const lines = message.rawHeaders.flatMap((name, index, all) =>
    index % 2 === 0 ? [`${name}: ${all[index + 1]}`] : [],
  )
  onward.write(`GET ${message.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
  onward.write(head)
  onward.on('error', () => socket.destroy()).on('close', () => socket.destroy())
  socket.on('error', () => onward.destroy()).on('close', () => onward.destroy())
  socket.pipe(onward)
  onward.on('data', (chunk: Buffer) => {
    const text = chunk.toString('latin1')
    const date = new Date(Date.now() + (options.aheadMs ?? 0)).toUTCString()
    socket.write(
      /^HTTP\/1\.1 (?!101)/.test(text) ? Buffer.from(text.replace(/^date:.*$/im, `Date: ${date}`), 'latin1') : chunk,
    )
  })
  if (options.cutsAfterMs !== undefined && message.url?.includes('sb-hc-action=listen')) {
    const timer = setTimeout(() => socket.destroy(), options.cutsAfterMs)
    socket.on('close', () => clearTimeout(timer))
  }
}
