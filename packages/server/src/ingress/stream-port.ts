import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import * as net from 'node:net'
import type { TLSSocket } from 'node:tls'
import { type AcceptedSocket, acceptSockets, NetSocket } from '@postern/carrier'
import type { Secret } from '@postern/program'
import type { ErrorCode } from '@postern/protocol'
import { Slots } from '@postern/websocket'
import { canonicalAddress } from '../domain/canonical-address.ts'
import type { RemoteEndpoint } from '../domain/remote-endpoint.ts'
import { type FirstBytes, maxFirstBytes, readFirstBytes } from './first-bytes/first-bytes.ts'
import { takeProxyHeader } from './first-bytes/read-first-bytes.ts'
import { answerRaw, tracked } from './http-answer.ts'
import { HttpIngress } from './http-ingress.ts'
import type { IngressEvents } from './ingress-events.ts'
import type { Admitted, IngressRoute } from './ingress-route.ts'
import { IngressRoutes } from './ingress-routes.ts'
import { type IngressTls, tlsKindOf } from './ingress-tls.ts'
import { SourceLimits } from './source-limits.ts'

/** What every public port works with. */
export interface IngressPortOptions {
  readonly address: string | undefined
  readonly port: number
  readonly events: IngressEvents
  /** Undefined where the relay has no certificates. */
  readonly tls: IngressTls | undefined
  /** From accepted connection to known way. */
  readonly handshakeTimeoutMs: number
  /** Seals sessions of people who have signed in before HTTP hosts. */
  readonly sessionKey: Secret
}

/** Connections that have not said yet where they want to go; of one source, and altogether. */
const strangerLimits = { maxTotal: 4096, maxPerSource: 256, perSecondPerSource: 1000 }

/** Connections that the system may hold for us while we are busy: a burst of devices is not refused. */
const backlog = 511

/** Devices whose network is gone are found by TCP; the system's own default is two hours. */
const tcpKeepAliveDelayMs = 60_000

/** TLS alerts, RFC 8446 section 6.2: fatal unrecognized_name. */
const unrecognizedName = Uint8Array.of(21, 3, 1, 0, 2, 2, 112)

/** One TCP port: tells connections apart by their first bytes, and hands each to the way that it wants to go. */
export class StreamPort {
  readonly #options: IngressPortOptions
  readonly #server: net.Server
  readonly #strangers = new SourceLimits(strangerLimits)
  readonly #sockets = new Slots<net.Socket>()
  readonly #http: HttpIngress
  #all: readonly IngressRoute[] = []
  #routes = new IngressRoutes<IngressRoute>([])
  #port: number

  constructor(options: IngressPortOptions) {
    this.#options = options
    this.#http = new HttpIngress(options)
    this.#port = options.port
    // Half-open, or Node would answer a device's FIN with ours and lose the reply.
    this.#server = net.createServer({ allowHalfOpen: true })
  }

  /** @returns the port in use @throws the system's error when it cannot be bound */
  async listen(): Promise<number> {
    const { address, port } = this.#options
    this.#server.listen({ port, backlog, ...(address !== undefined && { host: address }) })
    await once(this.#server, 'listening')
    // Running out of file descriptors refuses one connection; it must not end the process.
    this.#server.on('error', () => {})
    acceptSockets(this.#server, {
      onSocket: (socket) => this.#accept(socket),
      keepAliveDelayMs: tcpKeepAliveDelayMs,
    })
    this.#port = (this.#server.address() as net.AddressInfo).port
    this.setRoutes(this.#all)
    return this.#port
  }

  /** Connections go by these from now on. */
  setRoutes(routes: readonly IngressRoute[]): void {
    for (const route of routes) route.port = this.#port
    this.#all = routes
    this.#routes = new IngressRoutes(routes)
    this.#http.setRoutes(this.#routes)
  }

  /** Takes nothing new. */
  stopAccepting(): void {
    this.#server.close()
    this.#http.stopAccepting()
  }

  /** Takes nothing new, and cuts who has no way yet. Who has one goes on, and is cut with its route. */
  close(): void {
    this.#server.close()
    this.#http.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #accept(accepted: AcceptedSocket): void {
    const address = canonicalAddress(accepted.remoteAddress ?? '')
    if (address === undefined) return accepted.close()
    const remote = { address, port: accepted.remotePort ?? 0 }
    const { only } = this.#routes
    const isPlain = only !== undefined && only.entry.tls === 'pass'
    if (isPlain && !only.guard.hasProxies) return this.#admit(accepted, remote, only)
    const place = this.#strangers.enter(address)
    if (typeof place === 'string') return this.#turnAway(accepted, remote, place)
    const raw = accepted.toNodeSocket().on('error', ignore)
    const stranger = new Stranger(raw, remote, place, this.#options.handshakeTimeoutMs)
    const slot = this.#sockets.add(raw)
    raw.once('close', () => this.#sockets.remove(slot, raw))
    stranger.onTimeout = () =>
      this.#refuse(stranger, 'The device has not said in time where it wants to go', this.#routes.sole)
    const guard = this.#routes.any?.guard
    if (guard?.hasProxies === true && guard.trusts(address)) this.#takeProxyHeader(stranger)
    else this.#look(stranger)
  }

  #takeProxyHeader(stranger: Stranger): void {
    takeProxyHeader(stranger.raw, (header) => {
      if (header.kind !== 'present')
        return this.#refuse(stranger, 'The load balancer has sent no PROXY protocol header', this.#routes.sole)
      if (header.source) stranger.remote = header.source
      this.#look(stranger)
    })
  }

  #look(stranger: Stranger): void {
    const { only } = this.#routes
    if (only?.entry.tls === 'pass') return this.#leave(stranger, only)
    stranger.read((first) => this.#choose(stranger, first))
  }

  #choose(stranger: Stranger, first: FirstBytes): void {
    switch (first.kind) {
      case 'tls':
        return this.#chooseByName(stranger, first.serverName)
      case 'postgres':
        if (stranger.asksPostgres)
          return this.#refuse(stranger, 'The device has asked twice for TLS', this.#routes.only)
        stranger.answerPostgres(first.asks)
        return this.#look(stranger)
      case 'http':
        if (this.#routes.hasHosts) return this.#serveHttp(stranger, stranger.raw, undefined)
        stranger.raw.end(
          'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 22\r\n\r\nThis port speaks TLS.\n',
        )
        return this.#refuse(stranger, 'HTTP where TLS is spoken', this.#routes.only)
      default:
        return this.#refuse(stranger, 'Neither TLS nor HTTP', this.#routes.only)
    }
  }

  #chooseByName(stranger: Stranger, serverName: string | undefined): void {
    const { only } = this.#routes
    const route = only ?? (serverName === undefined ? undefined : this.#routes.byServerName(serverName))
    if (!route) {
      stranger.raw.write(unrecognizedName)
      const reason =
        serverName === undefined ? 'The device names no server' : `No entry has the server name ${serverName}`
      return this.#refuse(stranger, reason)
    }
    if (route.entry.tls === 'pass') return this.#leave(stranger, route)
    const { tls } = this.#options
    if (!tls) return this.#refuse(stranger, 'The relay has no certificates: it runs with --tls off', route)
    const isHttp = route.entry.hosts !== undefined
    tls.end(stranger.raw, tlsKindOf(route.entry), {
      onSecure: (socket) => (isHttp ? this.#serveHttp(stranger, socket, route) : this.#leave(stranger, route, socket)),
      onFailed: (reason) => this.#refuse(stranger, `TLS: ${reason}`, route),
      onUnproven: (socket, reason) => this.#refuseUnproven(stranger, reason, { route, socket }),
    })
  }

  #serveHttp(stranger: Stranger, socket: net.Socket, secured: IngressRoute | undefined): void {
    stranger.settle()
    this.#http.serve(socket, {
      remote: stranger.remote,
      local: localEnd(stranger.raw.localAddress, stranger.raw.localPort),
      port: this.#port,
      secured,
    })
  }

  #leave(stranger: Stranger, route: IngressRoute, socket: net.Socket = stranger.raw): void {
    stranger.settle()
    const asksPostgres = stranger.asksPostgres && route.entry.tls === 'pass'
    this.#admit(new NetSocket(socket), stranger.remote, route, asksPostgres)
  }

  #admit(socket: AcceptedSocket, remote: RemoteEndpoint, route: IngressRoute, asksPostgres = false): void {
    const release = route.admit(remote)
    if (typeof release === 'string') return socket.cut()
    const admitted: Admitted = {
      remote,
      release,
      local: () => localEnd(socket.local.address, socket.local.port),
    }
    route.join(socket, admitted, asksPostgres)
  }

  #refuse(stranger: Stranger, reason: string, route?: IngressRoute): void {
    if (!this.#note(stranger, { code: 'RequestMalformed', reason, route })) return
    const { raw } = stranger
    stranger.settle()
    // What is on its way is read and dropped, or the reset would overtake our answer.
    raw.end(() => raw.destroy())
    raw.resume()
  }

  /** Who speaks HTTP is told in words. Nobody else can be told: Node sends no alerts after the handshake. */
  #refuseUnproven(
    stranger: Stranger,
    reason: string,
    { route, socket }: { readonly route: IngressRoute; readonly socket: TLSSocket },
  ): void {
    const trackingId = `${randomUUID()}_G0`
    if (!this.#note(stranger, { code: 'ClientCertificateRefused', reason, route, trackingId })) return
    stranger.onTimeout = () => socket.destroy()
    if (route.entry.hosts === undefined) return void socket.end(() => socket.destroy())
    const text = tracked('This site lets in only devices with a client certificate that it knows.', trackingId)
    // An answer to a request that was not made yet may be taken for one to another.
    socket.once('data', () => answerRaw(socket, { status: 403, text }))
    socket.resume()
  }

  /** @returns false when its refusal has been told already */
  #note(
    stranger: Stranger,
    refusal: {
      readonly code: ErrorCode
      readonly reason: string
      readonly route?: IngressRoute | undefined
      readonly trackingId?: string
    },
  ): boolean {
    if (stranger.isRefused) return false
    stranger.isRefused = true
    const { code, reason, route, trackingId } = refusal
    const { remote } = stranger
    if (route) route.refuse(code, remote, reason, trackingId)
    else this.#options.events.onRefused({ code, port: this.#port, remote, reason })
    return true
  }

  #turnAway(socket: AcceptedSocket, remote: RemoteEndpoint, reason: string): void {
    this.#options.events.onRefused({ code: 'TooManyUnauthorizedConnections', port: this.#port, remote, reason })
    socket.close()
  }
}

/** A connection that has not said yet where it wants to go. */
class Stranger {
  readonly raw: net.Socket
  remote: RemoteEndpoint
  isRefused = false
  asksPostgres = false
  onTimeout: () => void = ignore
  readonly #place: () => void
  readonly #deadline: NodeJS.Timeout

  constructor(raw: net.Socket, remote: RemoteEndpoint, place: () => void, timeoutMs: number) {
    this.raw = raw
    this.remote = remote
    this.#place = place
    this.#deadline = setTimeout(() => this.onTimeout(), timeoutMs)
    raw.once('close', () => this.settle())
  }

  /** It has a way, or is refused. */
  settle(): void {
    clearTimeout(this.#deadline)
    this.#place()
  }

  /** Looks at the first bytes and puts them back; the socket is paused then. */
  read(onRead: (first: FirstBytes) => void): void {
    const { raw } = this
    const chunks: Buffer[] = []
    let length = 0
    let neededBytes = 1
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk)
      length += chunk.length
      if (length < neededBytes) return
      const bytes = Buffer.concat(chunks)
      const first = readFirstBytes(bytes)
      if (first.kind === 'incomplete' && first.neededBytes <= maxFirstBytes) {
        neededBytes = first.neededBytes
        return
      }
      raw.off('data', onData)
      raw.pause()
      raw.unshift(bytes)
      onRead(first.kind === 'incomplete' ? { kind: 'unknown' } : first)
    }
    raw.on('data', onData)
    raw.resume()
  }

  /** PostgreSQL's frontend/backend protocol: `S` to go on with TLS, `N` to one that would rather have GSSAPI, and asks again. */
  answerPostgres(asks: 'tls' | 'gss'): void {
    this.raw.read(8)
    this.asksPostgres = asks === 'tls'
    this.raw.write(asks === 'tls' ? 'S' : 'N')
  }
}

function localEnd(address = '', port = 0): RemoteEndpoint {
  return { address: canonicalAddress(address) ?? '0.0.0.0', port }
}

function ignore(): void {}
