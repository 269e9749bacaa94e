import { connect as connectTcp, isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  type ConnectionOptions,
  connect as connectTls,
  createSecureContext,
  type SecureContext,
  type TLSSocket,
} from 'node:tls'
import type { DialOptions } from '@postern/websocket'
import { LookupCache } from './lookup-cache.ts'

/** Opens a byte stream to the relay. */
export type OpenSocket = NonNullable<DialOptions['connect']>

/** Settings of {@link createOpenSocket}. */
export interface OpenSocketOptions {
  /** False for plain TCP. */
  readonly tls: ConnectionOptions | false
  /** Bound for TCP and TLS together. */
  readonly connectTimeoutMs: number
  /** IPv4 or IPv6 only. */
  readonly addressFamily?: 4 | 6
}

/** TCP finds a peer that vanished without a word even where no PING is sent: during the handshake. */
const tcpKeepAliveDelayMs = 60_000

/** TLS sessions by `host:port`. A relay of many nodes has a few addresses; more than this is somebody's mistake. */
const maxSessions = 32

/**
 * Makes the function that opens byte streams to one relay: TCP, then TLS, within the time that one connect may take,
 * whatever the rest of the handshake is allowed. TLS sessions are resumed: half of a handshake's CPU is saved at both
 * ends for every connection after the first. Nothing that was remembered outlives a failure.
 */
export function createOpenSocket({ tls, connectTimeoutMs, addressFamily }: OpenSocketOptions): OpenSocket {
  const family = addressFamily === undefined ? {} : { family: addressFamily }
  const sessions = new Map<string, Buffer>()
  const names = new LookupCache()
  let context: SecureContext | undefined

  const openTls = (host: string, port: number): TLSSocket => {
    const key = `${host}:${port}`
    const session = sessions.get(key)
    const socket = connectTls({
      host,
      port,
      lookup: names.lookup,
      ...family,
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

  return ({ host, port, secure, signal }) =>
    new Promise<Duplex>((resolve, reject) => {
      const socket = secure ? openTls(host, port) : connectTcp({ host, port, lookup: names.lookup, ...family })
      socket.setNoDelay(true).setKeepAlive(true, tcpKeepAliveDelayMs)
      const fail = (error: unknown): void => {
        finish()
        // Its own error may follow; it has been told already.
        socket.on('error', () => {}).destroy()
        sessions.delete(`${host}:${port}`)
        names.clear()
        reject(error)
      }
      const onAbort = (): void => fail(signal.reason)
      const succeed = (): void => {
        finish()
        resolve(socket)
      }
      const finish = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
        socket.off('error', fail).off(secure ? 'secureConnect' : 'connect', succeed)
      }
      const timer = setTimeout(
        () => fail(new DOMException('The connect time is over', 'TimeoutError')),
        connectTimeoutMs,
      )
      signal.addEventListener('abort', onAbort)
      socket.on('error', fail).once(secure ? 'secureConnect' : 'connect', succeed)
    })
}
