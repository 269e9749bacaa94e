import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import * as http from 'node:http'
import * as net from 'node:net'
import type { Duplex } from 'node:stream'
import * as tls from 'node:tls'
import { sharedPacer } from '@postern/websocket'
import { canonicalAddress } from '../../domain/canonical-address.ts'
import { networkOf } from '../../domain/network-of.ts'
import type { RemoteEndpoint } from '../../domain/remote-endpoint.ts'
import { awaitFirstBytes, peekClientHello, takeProxyHeader } from '../../ingress/first-bytes/read-first-bytes.ts'
import { requestHeadProblem } from '../request-head.ts'
import { FrontDoorAdmission } from './front-door-admission.ts'
import { FrontDoorConnection } from './front-door-connection.ts'
import type { FrontDoorAlpnChallenges, FrontDoorOptions, FrontDoorTls } from './front-door-options.ts'
import { describeRefusal, type FrontDoorRefusal, refusalOf } from './front-door-refusal.ts'
import { TurnedAway } from './front-door-turned-away.ts'
import { WaitingRoom } from './front-door-waiting-room.ts'

/** One listening port: raw connections in, limits, PROXY header, TLS, HTTP; requests and upgrades out to the handler. */
export class FrontDoor {
  readonly #options: FrontDoorOptions
  readonly #admission: FrontDoorAdmission
  readonly #waitingRoom: WaitingRoom | undefined
  readonly #turnedAway: TurnedAway
  readonly #net: net.Server
  readonly #http: http.Server
  readonly #tls: tls.Server | undefined
  readonly #challengeTls: tls.Server | undefined
  readonly #stopTlsChanges: (() => void) | undefined
  readonly #connections = new Set<FrontDoorConnection>()
  readonly #bySocket = new WeakMap<Duplex, FrontDoorConnection>()
  readonly #handshakes = new Map<string, FrontDoorConnection>()
  #isStopping = false

  constructor(options: FrontDoorOptions) {
    this.#options = options
    const { limits } = options
    this.#admission = new FrontDoorAdmission({
      maxTotal: limits.maxUnauthorizedConnections,
      maxPerAddress: limits.maxUnauthorizedConnectionsPerAddress,
      onLeave: (network) => this.#waitingRoom?.next(network),
    })
    this.#waitingRoom = options.tls && new WaitingRoom(limits)
    this.#turnedAway = new TurnedAway({ canAnswer: options.tls === undefined })
    this.#http = this.#createHttpServer()
    this.#tls = options.tls && this.#createTlsServer(options.tls)
    this.#challengeTls = options.tls?.alpnChallenges && createChallengeServer(options.tls.alpnChallenges)
    this.#stopTlsChanges = options.tls?.onChange((changed) => this.#tls?.setSecureContext(changed))
    const keepAlive = { keepAlive: true, keepAliveInitialDelay: tcpKeepAliveDelayMs }
    this.#net = net.createServer({ noDelay: true, ...keepAlive }, (raw) => {
      raw.on('error', ignoreError)
      this.#accept(raw)
    })
  }

  /** Connections whose client has shown no right yet. */
  get unauthorizedConnections(): number {
    return this.#admission.total
  }

  /** All connections, upgraded ones included. */
  get connections(): number {
    return this.#connections.size
  }

  /** The port in use; undefined while it is closed. */
  get port(): number | undefined {
    const bound = this.#net.address()
    return typeof bound === 'object' ? bound?.port : undefined
  }

  /** @param address `port` 0 takes any free one @returns the port in use */
  async listen(address: { readonly host?: string; readonly port: number }): Promise<{ port: number }> {
    this.#net.listen({ ...address, backlog: acceptBacklog })
    await once(this.#net, 'listening')
    this.#net.on('error', (error) => this.#options.logger.error('front-door.failed', { error }))
    // The HTTP server never listens itself; this starts its own check of header deadlines on kept-alive connections.
    this.#http.emit('listening')
    return { port: this.port ?? address.port }
  }

  /** Stops counting the connection as unauthorised. Takes `request.socket` or the socket of an upgrade. */
  markAuthorized(socket: Duplex): void {
    this.#bySocket.get(socket)?.admission.leave()
  }

  /** Closes the port. Open connections go on; each ends with the response that it waits for. */
  stopAccepting(): void {
    this.#isStopping = true
    this.#net.close()
    this.#waitingRoom?.destroyAll()
  }

  /** Ends kept-alive connections that have no request open, and connections that have not sent one. */
  closeIdle(): void {
    this.#http.closeIdleConnections()
    for (const connection of this.#connections) {
      if (connection.isIdle && !connection.hasSentRequest) {
        connection.destroy()
      }
    }
  }

  /** Destroys every connection, upgraded ones included. */
  destroyAll(): void {
    this.#waitingRoom?.destroyAll()
    for (const connection of this.#connections) {
      connection.destroy()
    }
    this.#turnedAway.destroyAll()
  }

  /** Closes the port and every connection, and waits until they are gone. */
  async close(): Promise<void> {
    this.stopAccepting()
    this.destroyAll()
    this.#stopTlsChanges?.()
    this.#http.close()
    await new Promise<void>((resolve) => this.#net.close(() => resolve()))
  }

  #createHttpServer(): http.Server {
    const { limits, handler, keepAliveTimeoutMs = 75_000 } = this.#options
    const server = http.createServer({
      insecureHTTPParser: false,
      maxHeaderSize: limits.maxHeaderBytes,
      requestTimeout: 0,
      headersTimeout: limits.handshakeTimeoutMs,
      connectionsCheckingInterval: Math.min(1000, Math.ceil(limits.handshakeTimeoutMs / 2)),
      keepAliveTimeout: keepAliveTimeoutMs,
      requireHostHeader: false,
      // Java and curl offer h2c on plain connections; a server may ignore that (RFC 9110 section 7.8).
      shouldUpgradeCallback: (request) => /\bwebsocket\b/i.test(request.headers.upgrade ?? ''),
    })
    // Node drops headers beyond its own count without a word: one more than allowed shows that there were too many.
    server.maxHeadersCount = limits.maxHeaderCount + 1
    server.on('request', (request, response) => this.#onRequest(request, response, 'onRequest'))
    server.on('checkContinue', (request, response) => this.#onRequest(request, response, 'onCheckContinue'))
    // Other expectations may be ignored (RFC 9110 section 10.1.1); Node would answer by itself, past all limits.
    server.on('checkExpectation', (request, response) => this.#onRequest(request, response, 'onRequest'))
    server.on('upgrade', (request, socket, head) => {
      const connection = this.#bySocket.get(socket)
      const remote =
        connection && this.#admitHead(connection, request, (code, reason) => this.#refuse(connection, code, reason))
      if (connection !== undefined && remote !== undefined) {
        connection.isUpgraded = true
        sharedPacer.add('upgrade', () => {
          if (socket.destroyed) return
          this.#callHandler(connection, () => handler.onUpgrade(request, socket, head, remote))
        })
      }
    })
    server.on('connect', (_request, socket) => this.#refuse(this.#bySocket.get(socket), 'MethodNotAllowed'))
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      const connection = this.#bySocket.get(socket)
      if (connection === undefined || error.code === 'ECONNRESET' || !socket.writable) {
        socket.destroy()
      } else {
        this.#refuse(connection, refusalOf(error, limits), error.code)
      }
    })
    return server
  }

  #createTlsServer(settings: FrontDoorTls): tls.Server {
    const handshakeTimeout = this.#options.limits.handshakeTimeoutMs
    const server = tls.createServer({ ...settings.options, handshakeTimeout }, (socket) => {
      socket.on('error', ignoreError)
      const connection = this.#handshakes.get(pathOf(socket))
      if (connection === undefined) {
        socket.destroy()
      } else {
        this.#serve(connection, socket)
      }
    })
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      const connection = this.#handshakes.get(pathOf(socket))
      const reason = error.code ?? error.message
      // Who just goes is refused nothing, and who takes too long is refused by the deadline.
      if (reason.startsWith('ERR_SSL_')) this.#refuse(connection, 'RequestMalformed', `TLS: ${reason}`)
      else this.#options.logger.debug('front-door.tls-failed', { address: connection?.peer.address, reason })
      socket.destroy()
    })
    return server
  }

  #accept(raw: net.Socket): void {
    const { clientAddress, limits, proxyHeader } = this.#options
    const address = canonicalAddress(raw.remoteAddress ?? '')
    if (address === undefined) {
      raw.destroy()
      return
    }
    const isTrusted = clientAddress.isTrusted(address)
    const admission = this.#admission.enter()
    if (admission === undefined) {
      this.#turnAway(raw, address)
      return
    }
    if (!isTrusted && !admission.claim(address)) {
      admission.leave()
      this.#wait(raw, address)
      return
    }
    const connection = new FrontDoorConnection(raw, { admission, peer: { address, port: raw.remotePort ?? 0 } })
    this.#connections.add(connection)
    raw.once('close', () => {
      this.#connections.delete(connection)
      connection.clearDeadline()
      admission.leave()
    })
    connection.startDeadline(limits.handshakeTimeoutMs, () => this.#refuse(connection, 'HandshakeTimeout'))
    if (isTrusted && proxyHeader !== 'none') {
      this.#takeProxyHeader(connection)
    } else {
      this.#secure(connection)
    }
  }

  #takeProxyHeader(connection: FrontDoorConnection): void {
    takeProxyHeader(connection.raw, (header) => {
      if (header.kind === 'malformed' || (header.kind === 'absent' && this.#options.proxyHeader === 'required')) {
        this.#refuse(connection, 'RequestMalformed')
      } else if (header.kind !== 'present' || header.source === undefined || this.#believe(connection, header.source)) {
        this.#secure(connection)
      }
    })
  }

  #believe(connection: FrontDoorConnection, source: RemoteEndpoint): boolean {
    connection.peer = source
    const isAdmitted =
      this.#options.clientAddress.isTrusted(source.address) || connection.admission.claim(source.address)
    if (!isAdmitted) {
      this.#connections.delete(connection)
      connection.clearDeadline()
      connection.admission.leave()
      this.#turnAway(connection.raw, source.address)
    }
    return isAdmitted
  }

  #secure(connection: FrontDoorConnection): void {
    const { raw } = connection
    if (this.#tls === undefined) {
      this.#serve(connection, raw)
      raw.resume()
    } else if (this.#options.tls?.alpnChallenges?.isPending === true) {
      peekClientHello(raw, (hello) => {
        if (hello.kind === 'present' && hello.protocols.includes(challengeProtocol)) {
          this.#challengeTls?.emit('connection', raw)
        } else {
          this.#handshake(connection, this.#tls)
        }
      })
    } else {
      awaitFirstBytes(raw, () => this.#handshake(connection, this.#tls))
    }
  }

  /** Begins a handshake whose ClientHello is there: it is answered in the same turn. */
  #handshake(connection: FrontDoorConnection, server: tls.Server | undefined): void {
    const { raw } = connection
    const path = pathOf(raw)
    this.#handshakes.set(path, connection)
    raw.once('close', () => {
      if (this.#handshakes.get(path) === connection) {
        this.#handshakes.delete(path)
      }
    })
    sharedPacer.add('handshake', () => {
      if (!raw.destroyed) server?.emit('connection', raw)
    })
  }

  #serve(connection: FrontDoorConnection, socket: net.Socket): void {
    connection.http = socket
    this.#bySocket.set(socket, connection)
    this.#http.emit('connection', socket)
  }

  #onRequest(
    request: http.IncomingMessage,
    response: http.ServerResponse,
    event: 'onRequest' | 'onCheckContinue',
  ): void {
    const connection = this.#bySocket.get(request.socket)
    const remote =
      connection &&
      this.#admitHead(connection, request, (code, reason) => {
        const trackingId = this.#report(code, connection.peer.address, reason)
        connection.refuseByResponse()
        const answer = describeRefusal({ code, trackingId })
        response.writeHead(answer.status, answer.reason, answer.headers).end(answer.body)
      })
    if (connection === undefined || remote === undefined) {
      return
    }
    if (connection.openResponses.size >= maxPipelinedRequests) {
      this.#refuse(connection, 'RequestMalformed', `more than ${maxPipelinedRequests} requests at once`)
      connection.destroy()
      return
    }
    connection.openResponses.add(response)
    response.once('close', () => {
      connection.openResponses.delete(response)
      this.#expectNext(connection)
    })
    if (this.#isStopping) {
      response.setHeader('Connection', 'close')
    }
    this.#callHandler(connection, () => this.#options.handler[event](request, response, remote))
  }

  /** @returns the true source of the request, or nothing when it was refused */
  #admitHead(
    connection: FrontDoorConnection,
    request: http.IncomingMessage,
    refuse: (code: FrontDoorRefusal, reason?: string) => void,
  ): RemoteEndpoint | undefined {
    // A head that comes after the answer to it, for example after 408.
    if (connection.isRefused) return undefined
    connection.clearDeadline()
    connection.hasSentRequest = true
    if (request.rawHeaders.length / 2 > this.#options.limits.maxHeaderCount) {
      refuse('RequestHeadersTooMany')
      return undefined
    }
    const problem = requestHeadProblem(request)
    if (problem !== undefined) {
      refuse('RequestMalformed', problem)
      return undefined
    }
    const remote = this.#options.clientAddress.ofRequest(connection.peer, request.headers)
    if (remote !== connection.peer && !connection.admission.claim(remote.address)) {
      refuse('TooManyUnauthorizedConnections')
      return undefined
    }
    return remote
  }

  #callHandler(connection: FrontDoorConnection, call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#options.logger.error('front-door.handler-failed', { error })
      this.#refuse(connection, 'InternalError')
    }
  }

  /**
   * Who has shown no right has as long for the rest of a body and the next head as for the first one: neither a body that
   * never ends nor an idle connection may hold its place.
   */
  #expectNext(connection: FrontDoorConnection): void {
    if (!connection.admission.isCounted || !connection.isIdle || connection.isRefused) return
    const bytesBefore = connection.http?.bytesRead
    connection.startDeadline(this.#options.limits.handshakeTimeoutMs, () => {
      if (connection.http?.bytesRead === bytesBefore) connection.destroy()
      else this.#refuse(connection, 'HandshakeTimeout')
    })
  }

  #refuse(connection: FrontDoorConnection | undefined, code: FrontDoorRefusal, reason?: string): void {
    if (connection === undefined || connection.isRefused) return
    connection.refuse({ code, trackingId: this.#report(code, connection.peer.address, reason) })
  }

  /** @returns the new tracking id */
  #report(code: FrontDoorRefusal, address: string, reason?: string): string {
    const trackingId = `${randomUUID()}_G0`
    this.#options.onRefused?.({ code, address, trackingId, ...(reason !== undefined && { reason }) })
    return trackingId
  }

  /** One more than this address may have: it comes in when another of them was authorised or has ended. */
  #wait(raw: net.Socket, address: string): void {
    const onTimeout = (): void => this.#turnAway(raw, address)
    const isWaiting = this.#waitingRoom?.add(networkOf(address), raw, { onPlace: () => this.#accept(raw), onTimeout })
    if (isWaiting !== true) {
      this.#turnAway(raw, address)
    }
  }

  #turnAway(raw: net.Socket, address: string): void {
    this.#turnedAway.add(raw, this.#report('TooManyUnauthorizedConnections', address))
  }
}

/** Requests of one connection that may be open at once. Pipelining clients are rare, and every open request costs memory. */
const maxPipelinedRequests = 16

/**
 * Connections that the system keeps until we accept them, as far as it is allowed to. Those for which there is no room hear nothing
 * and try again after 1, 3, 7 and 15 seconds: of a thousand that dial at once, Node's 511 would make every second one wait so.
 */
const acceptBacklog = 4096

/** Peers that nobody pings are found dead by TCP; the system's own default is two hours. */
const tcpKeepAliveDelayMs = 60_000

/**
 * Names a connection by its four numbers: the one public thing that a TLS socket shares with the socket it came from.
 */
function pathOf(socket: net.Socket): string {
  return `${socket.localAddress} ${socket.localPort} ${socket.remoteAddress} ${socket.remotePort}`
}

/** The handshake itself is all that an ACME server wants. RFC 8737 section 3 */
function createChallengeServer(challenges: FrontDoorAlpnChallenges): tls.Server {
  const server = tls.createServer({
    ALPNProtocols: [challengeProtocol],
    SNICallback: (servername, done) => done(null, challenges.contextFor(servername)),
  })
  server.on('secureConnection', (socket) => {
    socket.on('error', ignoreError)
    socket.end()
  })
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  return server
}

const challengeProtocol = 'acme-tls/1'

/** An error is always followed by `close`, which is what the front door acts on. */
function ignoreError(): void {}
