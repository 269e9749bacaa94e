import { createHash, randomBytes } from 'node:crypto'
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

import type { IngressCertificate, IngressEntry } from '../domain/ingress-entry.ts'

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
  hasName(servername: string): boolean
}

/** Of client certificates. */
type Authority = { readonly file: string } | { readonly pem: string }

/** What differs between the TLS of one entry and another. */
interface TlsKind {
  /** HTTP clients agree on a version by ALPN; nobody knows what others speak. */
  readonly isHttp: boolean
  /** Of clients, which must show a certificate of it. */
  readonly authority: Authority | undefined
  /** In place of the relay's own. */
  readonly certificate: IngressCertificate | undefined
}

/** What an entry wants of TLS. */
export function tlsKindOf(entry: IngressEntry): TlsKind {
  const { hosts, clientCertificates: file, clientAuthorityPem: pem, certificate } = entry
  const authority = pem === undefined ? (file === undefined ? undefined : { file }) : { pem }
  return { isHttp: hosts !== undefined, authority, certificate }
}

interface Handshake {
  readonly onSecure: (socket: TLSSocket) => void
  readonly onFailed: (reason: string) => void
  /** The handshake is made, and no certificate of the authority was shown: the socket is the caller's to answer on and to end. */
  readonly onUnproven: (socket: TLSSocket, reason: string) => void
}

/** A changed file with authorities counts after so long. */
const contextLifetimeMs = 30_000

/** Servers that are kept: one for each certificate and authority. */
const maxServers = 1024

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
        if (ownServers.has(key)) server.setSecureContext({ ...changed, ...alpn(key === 'http') })
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
    const key = serverKey(kind)
    const known = this.#servers.get(key)
    if (known) return known
    const isDemanded = kind.authority !== undefined
    const server = createServer(
      { ...this.#optionsOf(kind), ...alpn(kind.isHttp), handshakeTimeout: this.#handshakeTimeoutMs },
      (socket) => this.#onSecure(socket, isDemanded),
    )
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      this.#handshakes.get(pathOf(socket))?.onFailed(error.code ?? error.message)
      socket.destroy()
    })
    // Handshakes that are under way hold their server themselves.
    if (this.#servers.size >= maxServers) this.#servers.clear()
    this.#servers.set(key, server)
    return server
  }

  #optionsOf({ authority, certificate }: TlsKind): TlsOptions {
    const { options } = this.#certificates
    if (certificate)
      return { ...this.#withPair(certificate), ...(authority && this.#demanding(authorityPem(authority))) }
    if (!authority) return options
    const demanding = this.#demanding(authorityPem(authority))
    return { ...options, ...demanding, SNICallback: this.#byName(authority) }
  }

  /** Sessions of the relay's own names are no sessions of an entry's. */
  #withPair({ certPem, keyPem }: IngressCertificate): TlsOptions {
    const { SNICallback: _, ALPNProtocols: __, ticketKeys: ___, ...options } = this.#certificates.options
    return { ...options, cert: certPem, key: keyPem.reveal() }
  }

  /**
   * A ticket of another server must open nothing here: OpenSSL asks who resumes a session for no certificate. So tickets have keys
   * of their own, and sessions a name of their own.
   */
  #demanding(ca: string | Buffer): TlsOptions {
    return {
      requestCert: true,
      // Node would cut the others without a word to anybody; `#onSecure` lets none of them pass.
      rejectUnauthorized: false,
      // For those who name no server. Without it Node would take everybody whom a public authority knows.
      ca,
      ticketKeys: randomBytes(48),
      sessionIdContext: this.#sessions,
    }
  }

  #byName(authority: Authority): NonNullable<TlsOptions['SNICallback']> {
    return (name, done) => {
      this.#contextFor(name, authority).then(
        (context) => done(null, context),
        (error: Error) => done(error),
      )
    }
  }

  #onSecure(socket: TLSSocket, isDemanded: boolean): void {
    socket.on('error', () => {})
    const handshake = this.#handshakes.get(pathOf(socket))
    const isProven = !isDemanded || (socket.authorized && socket.getPeerCertificate().raw !== undefined)
    if (!handshake) return void socket.destroy()
    if (isProven) handshake.onSecure(socket)
    else handshake.onUnproven(socket, whyUnproven(socket))
  }

  /** OpenSSL takes authorities from the context of the name. */
  #contextFor(name: string, authority: Authority): Promise<SecureContext> {
    const key = `${name} ${Object.values(authority).join('')}`
    const known = this.#contexts.get(key)
    if (known && known.untilMs > performance.now()) return known.context
    const context = this.#makeContext(name, authority)
    context.catch(() => this.#contexts.delete(key))
    if (this.#contexts.size >= maxContexts) this.#contexts.clear()
    this.#contexts.set(key, { context, untilMs: performance.now() + contextLifetimeMs })
    return context
  }

  async #makeContext(name: string, authority: Authority): Promise<SecureContext> {
    const file = 'file' in authority ? readFile(authority.file) : authority.pem
    const [pair, ca] = await Promise.all([this.#certificates.pairFor(name), file])
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

function whyUnproven(socket: TLSSocket): string {
  const { raw, subject } = socket.getPeerCertificate()
  // Who resumes a session of such a client has shown none either.
  if (raw === undefined) return 'The device has shown no client certificate'
  const name = subject?.CN === undefined ? '' : ` "${[subject.CN].flat()[0]}"`
  // Declared as an error; it is the name of one.
  const code = String(socket.authorizationError)
  return `The client certificate${name} ${faults[code] ?? `is not one of the authority that the entry names (${code})`}`
}

const faults: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'has expired',
  CERT_NOT_YET_VALID: 'is not valid yet',
  CERT_REVOKED: 'has been revoked',
  INVALID_PURPOSE: 'is not made for clients',
}

/** With the relay's own certificates, for everybody. */
const ownServers: ReadonlySet<string> = new Set(['http', 'raw'])

function serverKey({ isHttp, authority, certificate }: TlsKind): string {
  const protocol = isHttp ? 'http' : 'raw'
  if (!authority && !certificate) return protocol
  const parts = [authority && Object.entries(authority), certificate?.certPem]
  return `${protocol} ${createHash('sha256').update(JSON.stringify(parts)).digest('base64')}`
}

function authorityPem(authority: Authority): string | Buffer {
  return 'pem' in authority ? authority.pem : readFileSync(authority.file)
}

function alpn(isHttp: boolean): Pick<TlsOptions, 'ALPNProtocols'> {
  return isHttp ? { ALPNProtocols: ['http/1.1'] } : { ALPNProtocols: undefined }
}

function pathOf(socket: Socket): string {
  return `${socket.localAddress} ${socket.localPort} ${socket.remoteAddress} ${socket.remotePort}`
}
