import { connect as connectTcp, isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  type ConnectionOptions,
  connect as connectTls,
  createSecureContext,
  type SecureContext,
  type TLSSocket,
} from 'node:tls'
import { RelayError } from '@postern/protocol'
import type { DialOptions } from '@postern/websocket'
import { LookupCache } from './lookup-cache.ts'
import { chooseProxy } from './proxy/choose-proxy.ts'
import { openTunnel } from './proxy/open-tunnel.ts'
import { untilOpen } from './until-open.ts'

/** Opens a byte stream to the relay. */
export type OpenSocket = NonNullable<DialOptions['connect']>

/** Settings of {@link createOpenSocket}. */
export interface OpenSocketOptions {
  /** False for plain TCP. */
  readonly tls: ConnectionOptions | false
  /** Bound for TCP and TLS together, and what a proxy does between them. Default 3 s; 8 s by way of a proxy. */
  readonly connectTimeoutMs?: number | undefined
  /** IPv4 or IPv6 only; a proxy chooses by itself. */
  readonly addressFamily?: 4 | 6 | undefined
  /** URL of a proxy, or `off`. Default: by the environment. */
  readonly proxy?: string | undefined
}

/** TCP and TLS of a healthy relay take a few round trips; a dead one shall not hold up the next attempt for longer. */
const defaultTimeoutMs = 3_000
/** A proxy looks up users and names, connects, and may try several addresses. */
const defaultProxiedTimeoutMs = 8_000

/** TCP finds a peer that vanished without a word even where no PING is sent: during the handshake. */
const tcpKeepAliveDelayMs = 60_000

/** TLS sessions by `host:port`. A relay of many nodes has a few addresses; more than this is somebody's mistake. */
const maxSessions = 32

/**
 * Makes the function that opens byte streams to one relay: TCP, or a tunnel of a proxy, then TLS, within the time that one
 * connect may take, whatever the rest of the handshake is allowed. TLS sessions are resumed: half of a handshake's CPU is
 * saved at both ends for every connection after the first. Nothing that was remembered outlives a failure.
 */
export function createOpenSocket({ tls, connectTimeoutMs, addressFamily, proxy }: OpenSocketOptions): OpenSocket {
  const family = addressFamily === undefined ? {} : { family: addressFamily }
  const sessions = new Map<string, Buffer>()
  const names = new LookupCache()
  let context: SecureContext | undefined

  const openTls = (host: string, port: number, tunnel: Duplex | undefined): TLSSocket => {
    const key = `${host}:${port}`
    const session = sessions.get(key)
    const socket = connectTls({
      host,
      port,
      ...(tunnel ? { socket: tunnel } : { lookup: names.lookup, ...family }),
      ...(isIP(host) === 0 && { servername: host }),
      ALPNProtocols: ['http/1.1'],
      ...(session && { session }),
      ...tls,
      // Made from `ca` and the like for each connection, it would cost 10 ms of CPU where public roots are among them.
      secureContext: (context ??= (tls && tls.secureContext) || createSecureContext(tls || {})),
    })
    socket.on('session', (fresh) => {
      if (sessions.size < maxSessions || sessions.has(key)) sessions.set(key, fresh)
    })
    return socket
  }

  return async ({ host, port, secure, signal }) => {
    const server = chooseProxy(proxy, { host, port, secure })
    const within = new Deadline(connectTimeoutMs ?? (server ? defaultProxiedTimeoutMs : defaultTimeoutMs), signal)
    try {
      const way = { host, port, signal: within.signal, lookup: names.lookup, ca: tls ? tls.ca : undefined }
      const tunnel = server && (await openTunnel(server, way))
      if (tunnel && !secure) return tunnel
      const socket = secure ? openTls(host, port, tunnel) : connectTcp({ host, port, lookup: names.lookup, ...family })
      socket.setNoDelay(true).setKeepAlive(true, tcpKeepAliveDelayMs)
      try {
        await untilOpen(socket, { event: secure ? 'secureConnect' : 'connect', signal: within.signal })
      } catch (error) {
        tunnel?.destroy()
        throw outOfDate(error, `${host}:${port}`) ?? error
      }
      return socket
    } catch (error) {
      sessions.delete(`${host}:${port}`)
      names.clear()
      throw error
    } finally {
      within.end()
    }
  }
}

/** A certificate whose time has not come, or is over: as often as not it is the clock here that is wrong. */
function outOfDate(cause: unknown, target: string): RelayError | undefined {
  const { code = '', message } = cause as NodeJS.ErrnoException
  if (!outOfDateCodes.has(code)) return undefined
  const text = `Cannot reach ${target}: its ${message}, and the clock of this machine says ${new Date().toISOString()}`
  return new RelayError('CertificateOutOfDate', { message: text, cause })
}

const outOfDateCodes: ReadonlySet<string> = new Set(['CERT_NOT_YET_VALID', 'CERT_HAS_EXPIRED'])

/** A bound that also ends by somebody else's signal. AbortSignal.any and timeout would outlive the connection. */
class Deadline {
  readonly #controller = new AbortController()
  readonly #timer: NodeJS.Timeout
  readonly #outer: AbortSignal
  readonly #onAbort = (): void => this.#controller.abort(this.#outer.reason)

  constructor(ms: number, outer: AbortSignal) {
    this.#outer = outer
    this.#timer = setTimeout(
      () => this.#controller.abort(new DOMException('The connect time is over', 'TimeoutError')),
      ms,
    )
    if (outer.aborted) this.#onAbort()
    else outer.addEventListener('abort', this.#onAbort)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#outer.removeEventListener('abort', this.#onAbort)
  }
}
