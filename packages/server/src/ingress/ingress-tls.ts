import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import {
  createSecureContext,
  createServer,
  type SecureContext,
  type Server,
  type TLSSocket,
  type TlsOptions,
} from 'node:tls'

/** A private key and its certificate chain, both PEM. */
interface Pair {
  readonly certPem: string
  readonly keyPem: string
}

/** Where certificates come from: the same as for the relay's own doors. */
export interface IngressCertificates {
  /** For servers that ask for no client certificate. */
  readonly options: TlsOptions
  onChange(callback: (options: TlsOptions) => void): () => void
  pairFor(servername: string | undefined): Pair | Promise<Pair>
}

/** What differs between the TLS of one entry and another. */
interface TlsKind {
  /** HTTP clients agree on a version by ALPN; nobody knows what others speak. */
  readonly isHttp: boolean
  /** PEM file with the authority of clients. */
  readonly clientCertificates: string | undefined
}

interface Handshake {
  readonly onSecure: (socket: TLSSocket) => void
  readonly onFailed: (reason: string) => void
}

/** A changed file with authorities counts after so long. */
const contextLifetimeMs = 30_000

/** Names whose context is kept; each has some 100 KiB. */
const maxContexts = 256

/** Ends TLS of devices at the relay, with a certificate of theirs if an entry asks for one. */
export class IngressTls {
  readonly #certificates: IngressCertificates
  readonly #handshakeTimeoutMs: number
  readonly #servers = new Map<string, Server>()
  /** By the four numbers of the connection: what a TLS socket shares with the socket it came from. */
  readonly #handshakes = new Map<string, Handshake>()
  readonly #stopChanges: () => void
  /** Of all servers that ask for certificates, and of no other. */
  readonly #sessions = randomBytes(16).toString('hex')
  #contexts = new Map<string, { readonly context: Promise<SecureContext>; readonly untilMs: number }>()

  constructor(options: { readonly certificates: IngressCertificates; readonly handshakeTimeoutMs: number }) {
    this.#certificates = options.certificates
    this.#handshakeTimeoutMs = options.handshakeTimeoutMs
    this.#stopChanges = options.certificates.onChange((changed) => {
      this.#contexts = new Map()
      for (const [key, server] of this.#servers) {
        if (key.endsWith(' ')) server.setSecureContext({ ...changed, ...alpn(key.startsWith('http')) })
        else this.#servers.delete(key)
      }
    })
  }

  /** Makes the handshake with a socket of which nothing was read, or all put back. */
  end(raw: Socket, kind: TlsKind, handshake: Handshake): void {
    const path = pathOf(raw)
    this.#handshakes.set(path, handshake)
    raw.once('close', () => {
      if (this.#handshakes.get(path) === handshake) this.#handshakes.delete(path)
    })
    try {
      this.#serverFor(kind).emit('connection', raw)
    } catch (error) {
      handshake.onFailed(error instanceof Error ? error.message : String(error))
    }
  }

  close(): void {
    this.#stopChanges()
  }

  #serverFor(kind: TlsKind): Server {
    const { isHttp, clientCertificates } = kind
    const key = `${isHttp ? 'http' : 'raw'} ${clientCertificates ?? ''}`
    const known = this.#servers.get(key)
    if (known) return known
    const common = { ...this.#certificates.options, ...alpn(isHttp), handshakeTimeout: this.#handshakeTimeoutMs }
    const server = createServer(
      clientCertificates === undefined ? common : { ...common, ...this.#demanding(clientCertificates) },
      (socket) => this.#onSecure(socket, clientCertificates !== undefined),
    )
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      this.#handshakes.get(pathOf(socket))?.onFailed(error.code ?? error.message)
      socket.destroy()
    })
    this.#servers.set(key, server)
    return server
  }

  /**
   * A ticket of another server must open nothing here: OpenSSL asks who resumes a session for no certificate. So tickets have keys
   * of their own, and sessions a name of their own.
   */
  #demanding(file: string): TlsOptions {
    return {
      requestCert: true,
      rejectUnauthorized: true,
      // For those who name no server. Without it Node would take everybody whom a public authority knows.
      ca: readFileSync(file),
      ticketKeys: randomBytes(48),
      sessionIdContext: this.#sessions,
      SNICallback: (name, done) => {
        this.#contextFor(name, file).then(
          (context) => done(null, context),
          (error: Error) => done(error),
        )
      },
    }
  }

  #onSecure(socket: TLSSocket, isDemanded: boolean): void {
    socket.on('error', () => {})
    const handshake = this.#handshakes.get(pathOf(socket))
    const isProven = !isDemanded || (socket.authorized && socket.getPeerCertificate().raw !== undefined)
    if (handshake && isProven) return handshake.onSecure(socket)
    handshake?.onFailed('no client certificate of the authority')
    socket.destroy()
  }

  /** OpenSSL takes authorities from the context of the name. */
  #contextFor(name: string, file: string): Promise<SecureContext> {
    const key = `${name} ${file}`
    const known = this.#contexts.get(key)
    if (known && known.untilMs > performance.now()) return known.context
    const context = this.#makeContext(name, file)
    context.catch(() => this.#contexts.delete(key))
    if (this.#contexts.size >= maxContexts) this.#contexts.clear()
    this.#contexts.set(key, { context, untilMs: performance.now() + contextLifetimeMs })
    return context
  }

  async #makeContext(name: string, file: string): Promise<SecureContext> {
    const [pair, ca] = await Promise.all([this.#certificates.pairFor(name), readFile(file)])
    const { SNICallback: _, ALPNProtocols: __, ticketKeys: ___, ...options } = this.#certificates.options
    return createSecureContext({
      ...options,
      cert: pair.certPem,
      key: pair.keyPem,
      ca,
      sessionIdContext: this.#sessions,
    })
  }
}

function alpn(isHttp: boolean): Pick<TlsOptions, 'ALPNProtocols'> {
  return isHttp ? { ALPNProtocols: ['http/1.1'] } : { ALPNProtocols: undefined }
}

function pathOf(socket: Socket): string {
  return `${socket.localAddress} ${socket.localPort} ${socket.remoteAddress} ${socket.remotePort}`
}
