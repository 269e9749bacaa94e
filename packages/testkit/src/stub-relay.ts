import { createHash, randomUUID } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { joinFrames } from './join-frames.ts'

/** An HTTP refusal of a handshake. */
export interface StubRefusal {
  readonly status: number
  readonly reason: string
  readonly headers?: Readonly<Record<string, string>>
}

/** What a test may decide about a handshake: refuse it, or leave it hanging. */
export type StubDecision = StubRefusal | 'hang' | undefined

/** A control channel as the stub sees it. */
export interface StubListener {
  readonly socket: WebSocket
  readonly request: IncomingMessage
  /** Parsed text messages of the listener so far, and binary ones as Buffers. */
  readonly messages: unknown[]
}

interface Offer {
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
}

/**
 * A relay of a few lines for tests of clients, independent of the real one: plain TCP, no tokens are checked, frames are
 * moved one by one so that half-close and aborts come through.
 *
 * Events: `listen` (StubListener), `message` (a listener has said something), `handshake` (IncomingMessage), `rendezvous`
 * (WebSocket of an HTTP exchange).
 */
export class StubRelay extends EventEmitter<{
  listen: [StubListener]
  message: [unknown]
  handshake: [IncomingMessage]
  rendezvous: [WebSocket, IncomingMessage]
}> {
  readonly #server: Server
  readonly #webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  readonly #sockets = new Set<Duplex>()
  readonly #offers = new Map<string, Offer>()
  readonly controlChannels: StubListener[] = []
  /** Set by tests to refuse handshakes. */
  decide: (action: string, request: IncomingMessage) => StubDecision = () => undefined

  /** Set by tests to answer listeners with these lines, `Name: value`. */
  answer: readonly string[] = []

  private constructor() {
    super()
    this.#webSockets.on('headers', (lines) => lines.push(...this.answer))
    this.#server = createServer((_request, response) => response.writeHead(400).end())
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket))
    })
    this.#server.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket, head))
  }

  /** Starts a relay; `port` only to come back on a port that was used before. */
  static async start(port = 0): Promise<StubRelay> {
    const relay = new StubRelay()
    relay.#server.listen(port, '127.0.0.1')
    await once(relay.#server, 'listening')
    return relay
  }

  /** Its TCP port. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Options for the clients of `@postern/client`. */
  get location(): { host: string; port: number; tls: false } {
    return { host: '127.0.0.1', port: this.port, tls: false }
  }

  /** TCP connections that are open now. */
  get openSockets(): number {
    return this.#sockets.size
  }

  /** The next control channel, or the one that is there. */
  async listener(): Promise<StubListener> {
    const known = this.controlChannels.find(({ socket }) => socket.readyState === socket.OPEN)
    if (known) return known
    const [listener] = await once(this, 'listen')
    return listener as StubListener
  }

  /** Dies as a process does: every connection is reset, the port is closed. */
  async kill(): Promise<void> {
    for (const socket of this.#sockets) (socket as Duplex & { resetAndDestroy(): void }).resetAndDestroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.kill()
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const parameters = new URLSearchParams(request.url?.split('?')[1])
    const action = parameters.get('sb-hc-action') ?? 'connect'
    const id = parameters.get('sb-hc-id') ?? ''
    this.emit('handshake', request)
    const decision = this.decide(action, request)
    // Reading goes on, so that the client's end is seen.
    if (decision === 'hang') socket.on('end', () => socket.end()).resume()
    else if (decision) refuse(socket, decision)
    else if (action === 'listen') this.#listen(request, socket, head)
    else if (action === 'connect') this.#offer(request, socket, head)
    else if (action === 'accept') this.#match(request, socket, head, parameters, id)
    else
      this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => this.emit('rendezvous', webSocket, request))
  }

  #listen(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const listener: StubListener = { socket: webSocket, request, messages: [] }
      webSocket.on('error', () => {})
      webSocket.on('message', (data: Buffer, isBinary: boolean) => {
        const message: unknown = isBinary ? data : JSON.parse(data.toString('utf8'))
        listener.messages.push(message)
        this.emit('message', message)
      })
      this.controlChannels.push(listener)
      this.emit('listen', listener)
    })
  }

  #offer(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const path = request.url?.split('?')[0]
    const open = this.controlChannels.filter(({ socket: channel }) => channel.readyState === channel.OPEN)
    const refused = String(request.headers['microsoft-relay-disallowedlisteners'] ?? '').split(',')
    const listener = open.findLast(({ request: listen }) => {
      const listenerId = new URLSearchParams(listen.url?.split('?')[1]).get('sb-hc-id') ?? ''
      return !refused.includes(listenerId)
    })
    if (!listener && open.length > 0) {
      const reason = 'None of the connected listeners meet the AllowedListeners/DisallowedListeners criteria'
      refuse(socket, { status: 404, reason })
      return
    }
    if (!listener) {
      const reason = `There are no listeners connected for the endpoint. TrackingId:${randomUUID()}_G1, SystemTracker:sb://stub/x`
      refuse(socket, { status: 404, reason })
      return
    }
    const id = `${randomUUID()}_G0`
    this.#offers.set(id, { request, socket, head })
    socket.on('close', () => this.#offers.delete(id))
    const accept = {
      address: `ws://127.0.0.1:${this.port}${path}?${ownQuery(request)}sb-hc-action=accept&sb-hc-id=${id}`,
      id,
      connectHeaders: connectHeaders(request),
      remoteEndpoint: { address: '127.0.0.1', port: request.socket.remotePort },
    }
    listener.socket.send(JSON.stringify({ accept }))
  }

  #match(request: IncomingMessage, socket: Duplex, head: Buffer, parameters: URLSearchParams, id: string): void {
    const offer = this.#offers.get(id)
    this.#offers.delete(id)
    if (!offer) {
      refuse(socket, { status: 403, reason: 'Unknown offer' })
      return
    }
    const status = parameters.get('sb-hc-statusCode')
    if (status !== null) {
      refuse(offer.socket, { status: Number(status), reason: parameters.get('sb-hc-statusDescription') ?? '' })
      refuse(socket, { status: 410, reason: 'Gone' })
      return
    }
    const protocol = request.headers['sec-websocket-protocol']
    acceptHandshake(request, socket, protocol)
    acceptHandshake(offer.request, offer.socket, protocol)
    joinFrames(socket, offer.socket)
    joinFrames(offer.socket, socket)
    if (head.length > 0) socket.unshift(head)
    if (offer.head.length > 0) offer.socket.unshift(offer.head)
  }
}

function refuse(socket: Duplex, { status, reason, headers = {} }: StubRefusal): void {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status} ${reason}\r\nContent-Length: 0\r\nConnection: close\r\n${lines.join('')}\r\n`)
}

function acceptHandshake(request: IncomingMessage, socket: Duplex, protocol: string | undefined): void {
  const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
  const accept = createHash('sha1').update(key).digest('base64')
  const agreed = protocol === undefined ? '' : `Sec-WebSocket-Protocol: ${protocol}\r\n`
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${agreed}\r\n`,
  )
}

function ownQuery(request: IncomingMessage): string {
  const parts = (request.url?.split('?')[1] ?? '')
    .split('&')
    .filter((part) => part !== '' && !part.startsWith('sb-hc-'))
  return parts.map((part) => `${part}&`).join('')
}

function connectHeaders(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {}
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
    const name = request.rawHeaders[i] ?? ''
    if (name.toLowerCase() !== 'servicebusauthorization') headers[name] = request.rawHeaders[i + 1] ?? ''
  }
  return headers
}
