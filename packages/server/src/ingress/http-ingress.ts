import { randomUUID } from 'node:crypto'
import * as http from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream'
import type { Secret } from '@postern/program'
import { type ErrorCode, errorTable, RelayError } from '@postern/protocol'
import { Slots } from '@postern/websocket'
import { demandsCertificate, type IngressEntry } from '../domain/ingress-entry.ts'
import type { IngressOidc } from '../domain/ingress-oidc.ts'
import type { RemoteEndpoint } from '../domain/remote-endpoint.ts'
import { forwardedHead, plainResponseHead } from './forwarded-head.ts'
import { answerRaw, type HttpAnswer, rawHead, tracked } from './http-answer.ts'
import { HttpUpstream } from './http-upstream.ts'
import type { IngressEvents } from './ingress-events.ts'
import type { IngressRoute } from './ingress-route.ts'
import type { IngressRoutes } from './ingress-routes.ts'
import { PasswordGuard, type Unproven } from './password-guard.ts'
import { OidcGuard, type SignedIn } from './sign-in/oidc-guard.ts'

export interface HttpIngressOptions {
  readonly events: IngressEvents
  /** For each request head. */
  readonly handshakeTimeoutMs: number
  /** Seals sessions of people who have signed in. */
  readonly sessionKey: Secret
}

/** A connection that speaks HTTP. */
interface HttpClient {
  readonly remote: RemoteEndpoint
  readonly local: RemoteEndpoint
  /** The public port that it came to. */
  readonly port: number
  /** The way that the server name of its TLS has led to. */
  readonly secured: IngressRoute | undefined
}

interface ServedClient extends HttpClient {
  readonly upstreams: Set<HttpUpstream>
}

/** A request that may pass. */
interface LetIn {
  readonly upstream: HttpUpstream
  /** Absent where nobody signs in at an issuer. */
  readonly session?: SignedIn
}

/** One request head; browsers send some KiB of cookies. */
const maxHeaderBytes = 65_536

/** Idle kept-alive connections; browsers give up after a minute or two. */
const keepAliveTimeoutMs = 75_000

/** A client that was refused an upgrade may take so long to go. */
const refusedTimeoutMs = 5000

/** The HTTP entries of one port: each request goes the way of its Host, and comes through that entry's guards by itself. */
export class HttpIngress {
  readonly #events: IngressEvents
  readonly #server: http.Server
  readonly #passwords = new PasswordGuard()
  readonly #signIns = new WeakMap<IngressRoute, OidcGuard>()
  readonly #sessionKey: Secret
  readonly #clients = new WeakMap<Duplex, ServedClient>()
  readonly #sockets = new Slots<Socket>()
  #routes: IngressRoutes<IngressRoute> | undefined
  #isStopping = false

  constructor({ events, handshakeTimeoutMs, sessionKey }: HttpIngressOptions) {
    this.#events = events
    this.#sessionKey = sessionKey
    this.#server = http.createServer({
      insecureHTTPParser: false,
      maxHeaderSize: maxHeaderBytes,
      requestTimeout: 0,
      headersTimeout: handshakeTimeoutMs,
      connectionsCheckingInterval: Math.min(1000, Math.ceil(handshakeTimeoutMs / 2)),
      keepAliveTimeout: keepAliveTimeoutMs,
      requireHostHeader: true,
      shouldUpgradeCallback: (request) => /\bwebsocket\b/i.test(request.headers.upgrade ?? ''),
    })
    this.#server.on('request', (request, response) => void this.#onRequest(request, response))
    this.#server.on('checkContinue', (request, response) => void this.#onRequest(request, response))
    this.#server.on('upgrade', (request, socket, head) => void this.#onUpgrade(request, socket, head))
    this.#server.on('connect', (_request, socket) => answerRaw(socket, { status: 405, text: 'This is no proxy.' }))
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      const isLate = error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy()
      else if (isLate) answerRaw(socket, { status: 408, text: 'The request came too slowly.' })
      else answerRaw(socket, { status: 400, text: 'The request cannot be read.' })
    })
    // It never listens itself; this starts its check of header deadlines.
    this.#server.emit('listening')
  }

  setRoutes(routes: IngressRoutes<IngressRoute>): void {
    this.#routes = routes
  }

  /** Takes over a connection of which nothing was read, or all put back. */
  serve(socket: Socket, client: HttpClient): void {
    const served = { ...client, upstreams: new Set<HttpUpstream>() }
    this.#clients.set(socket, served)
    const slot = this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => {
      this.#sockets.remove(slot, socket)
      for (const upstream of served.upstreams) upstream.close()
    })
    this.#server.emit('connection', socket)
    // What was put back comes in this turn, before the parser reads on from the system.
    socket.resume()
  }

  /** Connections end with the answer that they wait for. */
  stopAccepting(): void {
    this.#isStopping = true
    this.#server.closeIdleConnections()
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  async #onRequest(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const decided = await this.#decide(request, false)
    if (response.destroyed) return
    if (this.#isStopping) response.setHeader('Connection', 'close')
    if (!('upstream' in decided)) {
      response.writeHead(decided.status, { 'Content-Type': 'text/plain; charset=utf-8', ...decided.headers })
      response.end(`${decided.text}\n`)
      return
    }
    if (request.headers.expect?.toLowerCase() === '100-continue') response.writeContinue()
    const upstream = decided.upstream.request(request, this.#headOf(request, decided))
    endWithSession(decided, request.socket, response)
    upstream.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', plainResponseHead(answer.rawHeaders))
      pipeline(answer, response, (error) => error && request.socket.destroy())
    })
    upstream.on('error', (error) => this.#onUpstreamError(error, { request, response, decided }))
    response.once('close', () => response.writableFinished || upstream.destroy())
    pipeline(request, upstream, () => {})
  }

  async #onUpgrade(request: http.IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => {})
    // Two pipelines and their owners wait for its end.
    socket.setMaxListeners(20)
    const decided = await this.#decide(request, true)
    if (socket.destroyed) return
    if (!('upstream' in decided)) return answerRaw(socket, decided)
    const upstream = decided.upstream.request(request, this.#headOf(request, decided, true))
    endWithSession(decided, socket, socket)
    upstream.on('upgrade', (answer, joined, first) => {
      socket.write(rawHead(answer, answer.rawHeaders))
      if (first.length > 0) socket.write(first)
      if (head.length > 0) joined.write(head)
      pipeline(socket, joined, () => {})
      pipeline(joined, socket, () => {})
    })
    upstream.on('response', (answer) => {
      socket.write(rawHead(answer, [...plainResponseHead(answer.rawHeaders), 'Connection', 'close']))
      // What follows is dropped: unread bytes would make the system send a reset, which can overtake the answer.
      socket.resume()
      const deadline = setTimeout(() => socket.destroy(), refusedTimeoutMs)
      socket.once('close', () => clearTimeout(deadline))
      pipeline(answer, socket, (error) => error && socket.destroy())
    })
    upstream.on('error', (error) => {
      if (socket.writable) answerRaw(socket, this.#disappoint(error, request, decided))
      else socket.destroy()
    })
    socket.once('close', () => upstream.destroy())
    upstream.end()
  }

  /** @returns where the request goes, or what it is answered */
  async #decide(request: http.IncomingMessage, isUpgrade: boolean): Promise<LetIn | HttpAnswer> {
    const client = this.#clients.get(request.socket)
    if (!client) return { status: 500, text: 'The connection is over.' }
    const { remote, secured } = client
    const host = hostOf(request)
    const route = host === undefined ? undefined : this.#routes?.byHost(host, secured !== undefined)
    if (!route) {
      const text = `No site has the name ${JSON.stringify(host ?? '')} here.`
      return this.#refuse(client, { status: 404, code: 'EndpointNotFound', text })
    }
    // Another site may ask for other certificates than the one that the handshake was made for. RFC 9110 section 15.5.20
    if (secured && route !== secured && isApart(route.entry, secured.entry)) {
      const text = 'Ask for this site on a connection of its own.'
      return this.#refuse(client, { status: 421, code: 'MisdirectedRequest', text, route })
    }
    if (!route.guard.allows(remote.address)) {
      return this.#refuse(client, { status: 403, code: 'AddressNotAllowed', text: notHere, route })
    }
    const { users, oidc } = route.entry
    if (oidc) return await this.#decideBySession(request, this.#signInOf(route, oidc), { route, client, isUpgrade })
    if (!users) return this.#lead(client, route)
    const verdict = await this.#passwords.check(users, request.headers.authorization, remote.address)
    return typeof verdict === 'string' ? this.#lead(client, route, verdict) : this.#unproven(client, route, verdict)
  }

  async #decideBySession(
    request: http.IncomingMessage,
    guard: OidcGuard,
    {
      route,
      client,
      isUpgrade,
    }: { readonly route: IngressRoute; readonly client: ServedClient; readonly isUpgrade: boolean },
  ): Promise<LetIn | HttpAnswer> {
    const { method = '', url = '', headers } = request
    const verdict = await guard.check({
      method,
      target: url,
      headers,
      isUpgrade,
      authority: (headers.host ?? '').toLowerCase(),
      address: client.remote.address,
    })
    if (!('answer' in verdict)) {
      const { person } = verdict
      const led = this.#lead(client, route, person.email ?? person.subject)
      return 'upstream' in led ? { ...led, session: verdict } : led
    }
    const { answer, refusal, signedIn } = verdict
    const trackingId = newTrackingId()
    if (refusal) route.refuse(refusal.code, client.remote, refusal.reason, trackingId)
    if (signedIn) this.#events.onSignedIn(route.entry, client.remote, signedIn.email ?? signedIn.subject)
    // Pages are for people, who are told what to do.
    const isPage = !String(answer.headers['Content-Type']).startsWith('text/plain')
    return refusal && !isPage ? { ...answer, text: tracked(answer.text.trimEnd(), trackingId) } : answer
  }

  #signInOf(route: IngressRoute, oidc: IngressOidc): OidcGuard {
    const known = this.#signIns.get(route)
    if (known) return known
    const made = new OidcGuard(route.entry.name, oidc, this.#sessionKey)
    this.#signIns.set(route, made)
    return made
  }

  /** Each user has connections to the target of their own: targets may remember who came by one. */
  #lead(client: ServedClient, route: IngressRoute, user?: string): LetIn | HttpAnswer {
    const { remote } = client
    for (const known of client.upstreams) {
      if (known.isClosed) {
        client.upstreams.delete(known)
        known.close()
      } else if (known.route === route && known.user === user) return this.#letIn(known)
    }
    const trackingId = newTrackingId()
    const release = route.admit(remote, trackingId)
    if (typeof release === 'string') {
      return release === 'AddressNotAllowed'
        ? { status: 403, text: tracked(notHere, trackingId) }
        : {
            status: 503,
            text: tracked('Too many connections; try again later.', trackingId),
            headers: { 'Retry-After': '1' },
          }
    }
    const upstream = new HttpUpstream(route, {
      remote,
      local: () => client.local,
      release,
      isAnswered: true,
      ...(user !== undefined && { user }),
    })
    client.upstreams.add(upstream)
    return this.#letIn(upstream)
  }

  #letIn(upstream: HttpUpstream): LetIn {
    this.#events.onRequest(upstream.route.entry)
    return { upstream }
  }

  #unproven(client: HttpClient, route: IngressRoute, { code, reason, retryAfterS }: Unproven): HttpAnswer {
    if (retryAfterS === undefined) {
      const headers = { 'WWW-Authenticate': `Basic realm="${route.entry.name}", charset="UTF-8"` }
      return this.#refuse(client, { status: 401, code, text: 'Sign in to come in.', route, reason, headers })
    }
    const text = 'Too many sign-ins; try again later.'
    const headers = { 'Retry-After': String(retryAfterS) }
    return this.#refuse(client, { status: errorTable[code].httpStatus, code, text, route, reason, headers })
  }

  #refuse(
    { remote, port }: HttpClient,
    { status, code, text, route, reason = text, headers = {} }: Refusal,
  ): HttpAnswer {
    const trackingId = newTrackingId()
    if (route) route.refuse(code, remote, reason, trackingId)
    else this.#events.onRefused({ code, port, remote, reason, trackingId })
    return { status, text: tracked(text, trackingId), headers }
  }

  #headOf(request: http.IncomingMessage, { upstream, session }: LetIn, isUpgrade = false): string[] {
    const client = this.#clients.get(request.socket)
    const { users, oidc } = upstream.route.entry
    return forwardedHead(request.rawHeaders, {
      client: client?.remote.address ?? '',
      scheme: client?.secured || oidc?.tlsEndsInFront ? 'https' : 'http',
      dropAuthorization: users !== undefined,
      isUpgrade,
      ...(oidc?.tellTarget && session && { person: session.person }),
    })
  }

  #onUpstreamError(
    error: Error,
    { request, response, decided }: { request: http.IncomingMessage; response: http.ServerResponse; decided: LetIn },
  ): void {
    // Half an answer must not look like a whole one.
    if (response.headersSent || response.destroyed) return void request.socket.destroy()
    const { status, text, headers } = this.#disappoint(error, request, decided)
    response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', ...headers })
    response.end(`${text}\n`)
  }

  /** Tells of a request that was let in and found no way. */
  #disappoint(error: Error, request: http.IncomingMessage, { upstream }: LetIn): HttpAnswer {
    const client = this.#clients.get(request.socket)
    const problem = asRelayError(error)
    const trackingId = problem.trackingId ?? newTrackingId()
    if (client) upstream.route.refuse(problem.code, client.remote, problem.message, trackingId)
    return { status: 502, text: tracked(unreachable, trackingId), headers: { 'Retry-After': '1' } }
  }
}

/** Why a request goes no further. */
interface Refusal extends HttpAnswer {
  readonly code: ErrorCode
  /** For log and audit; default: the text. */
  readonly reason?: string
  /** Of the entry that it was for, where there is one. */
  readonly route?: IngressRoute
}

const notHere = 'This address may not come here.'

function newTrackingId(): string {
  return `${randomUUID()}_G0`
}

/** Nothing lasts longer than the session that it came in by: neither a WebSocket nor an answer without end. */
function endWithSession({ session }: LetIn, socket: Duplex, lasting: Duplex | http.ServerResponse): void {
  if (!session) return
  const timer = setTimeout(() => socket.destroy(), session.endsAtMs - Date.now())
  lasting.once('close', () => clearTimeout(timer))
}

/** What a stranger may know: neither targets nor listeners. */
const unreachable = 'The site cannot be reached now.'

/** A target that has taken the request and gives no answer is no fault of the relay. */
function asRelayError(error: Error): RelayError {
  if (error instanceof RelayError) return error
  return new RelayError('ConnectionFailed', { message: `The target has not answered: ${error.message}`, cause: error })
}

/** The name in Host without port; undefined for none, or one that is no name. */
function hostOf({ headers }: http.IncomingMessage): string | undefined {
  return /^([\w.-]{1,253})(?::\d{1,5})?$/.exec(headers.host ?? '')?.[1]?.toLowerCase()
}

/** Whether what was shown in the handshake for one site says nothing of the other. */
function isApart(one: IngressEntry, other: IngressEntry): boolean {
  return demandsCertificate(one) || demandsCertificate(other) || one.certificate?.certPem !== other.certificate?.certPem
}
