import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import * as net from 'node:net'
import type { Duplex } from 'node:stream'
import * as tls from 'node:tls'
import { HandshakeRefused } from './handshake-refused.ts'
import { parseResponseHead, type ResponseHead } from './response-head.ts'
import { acceptKey } from './server-handshake.ts'

export interface DialOptions {
  /** `ws://` or `wss://`; path and query are sent as written. */
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly protocols?: readonly string[]
  /** Sec-WebSocket-Extensions as it is to be sent. */
  readonly extensions?: string
  readonly tls?: tls.ConnectionOptions
  readonly signal?: AbortSignal
  /** From the first packet to the answer. Default 20,000 ms. */
  readonly handshakeTimeoutMs?: number
  /** Makes the byte stream instead of `net` or `tls`, for proxies and tests. */
  readonly connect?: (target: {
    readonly host: string
    readonly port: number
    readonly secure: boolean
    readonly signal: AbortSignal
  }) => Promise<Duplex>
}

/** A finished handshake. The socket is paused; `head` came right behind the answer. */
export interface DialedWebSocket {
  readonly socket: Duplex
  readonly head: Uint8Array
  /** The subprotocol that the server chose. */
  readonly protocol?: string
  /** The extensions that the server agreed to. */
  readonly extensions?: string
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string>>
}

const maxHeadBytes = 65_536
const maxRefusalBodyBytes = 8192
const refusalBodyTimeoutMs = 1000
/** For peers that nobody pings. */
const keepAliveDelayMs = 60_000

/**
 * Opens a WebSocket as client. RFC 6455 section 4.1
 * @throws {HandshakeRefused} when the server answers with anything but a correct 101
 * @throws the system's error when the address cannot be reached, the signal's reason when aborted, TimeoutError when late
 */
export async function dialWebSocket(options: DialOptions): Promise<DialedWebSocket> {
  const target = parseUrl(options.url)
  const deadline = AbortSignal.timeout(options.handshakeTimeoutMs ?? 20_000)
  const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline
  signal.throwIfAborted()
  const key = randomBytes(16).toString('base64')
  const socket = await (options.connect ?? ((where) => connect(where, options.tls)))({ ...target, signal })
  // A failure before the caller listens must not end the process; `close` tells it later.
  socket.on('error', ignore)
  const onAbort = (): void => {
    socket.destroy(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
  }
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    socket.write(formatRequest(options, target, key), 'latin1')
    const { head, rest } = await readHead(socket)
    const problem = problemWith(head, key, options)
    if (problem !== undefined) throw await refusal(socket, head, rest, problem)
    const protocol = head.headers['sec-websocket-protocol']
    const extensions = head.headers['sec-websocket-extensions']
    return {
      socket,
      head: rest,
      ...(protocol !== undefined && { protocol }),
      ...(extensions !== undefined && { extensions }),
      headers: head.headers,
    }
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

interface Target {
  readonly host: string
  readonly port: number
  readonly secure: boolean
  /** As written in the URL, `host[:port]`. */
  readonly authority: string
  readonly requestTarget: string
}

/** Read by hand: a URL object would change the path and query. */
function parseUrl(url: string): Target {
  const match = /^(wss?):\/\/(\[[0-9a-f:.]+\]|[^/?#:]+)(?::(\d{1,5}))?([/?][^#]*)?$/i.exec(url)
  if (match?.[2] === undefined || /[\s\r\n]/.test(url)) throw new TypeError(`not a WebSocket URL: ${url}`)
  const secure = match[1]?.toLowerCase() === 'wss'
  const path = match[4] ?? '/'
  return {
    secure,
    host: match[2].replace(/^\[|\]$/g, ''),
    port: match[3] === undefined ? (secure ? 443 : 80) : Number(match[3]),
    authority: match[3] === undefined ? match[2] : `${match[2]}:${match[3]}`,
    requestTarget: path.startsWith('/') ? path : `/${path}`,
  }
}

async function connect(
  target: { readonly host: string; readonly port: number; readonly secure: boolean; readonly signal: AbortSignal },
  tlsOptions: tls.ConnectionOptions | undefined,
): Promise<Duplex> {
  const { host, port, secure, signal } = target
  const socket = secure
    ? tls.connect({
        host,
        port,
        ...(net.isIP(host) === 0 && { servername: host }),
        ALPNProtocols: ['http/1.1'],
        ...tlsOptions,
      })
    : net.connect({ host, port })
  try {
    await once(socket, secure ? 'secureConnect' : 'connect', { signal })
  } catch (error) {
    socket.on('error', ignore)
    socket.destroy()
    throw signal.aborted ? signal.reason : error
  }
  // tls.connect does not take these as options.
  socket.setNoDelay(true).setKeepAlive(true, keepAliveDelayMs)
  return socket
}

function formatRequest(options: DialOptions, target: Target, key: string): string {
  const headers: [string, string][] = [
    ['Host', target.authority],
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Key', key],
    ['Sec-WebSocket-Version', '13'],
    ...(options.protocols?.length
      ? [['Sec-WebSocket-Protocol', options.protocols.join(', ')] as [string, string]]
      : []),
    ...(options.extensions ? [['Sec-WebSocket-Extensions', options.extensions] as [string, string]] : []),
    ...Object.entries(options.headers ?? {}),
  ]
  for (const [name, value] of headers) {
    if (/[\r\n]/.test(name + value)) throw new TypeError(`header ${name.replace(/[\r\n]/g, ' ')} has a line end`)
  }
  return `GET ${target.requestTarget} HTTP/1.1\r\n${headers.map((pair) => pair.join(': ')).join('\r\n')}\r\n\r\n`
}

/** Reads up to the empty line; the socket is paused afterwards. */
function readHead(socket: Duplex): Promise<{ readonly head: ResponseHead; readonly rest: Uint8Array }> {
  return new Promise((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0)
    const finish = (): void => {
      socket.off('data', onData)
      socket.off('error', onError)
      socket.off('close', onClose)
      socket.pause()
    }
    const onError = (error: Error): void => {
      finish()
      reject(error)
    }
    const onClose = (): void => onError(new Error('the server closed the connection during the handshake'))
    const onData = (chunk: Buffer): void => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
      const end = received.indexOf('\r\n\r\n')
      if (end < 0) {
        if (received.length > maxHeadBytes) onError(new Error('the answer to the handshake is too long'))
        return
      }
      finish()
      const head = parseResponseHead(received.toString('latin1', 0, end))
      if (head === undefined) reject(new Error('the answer to the handshake is not HTTP'))
      else resolve({ head, rest: received.subarray(end + 4) })
    }
    socket.on('data', onData)
    socket.on('error', onError)
    socket.on('close', onClose)
    socket.resume()
  })
}

/** RFC 6455 section 4.1, the client's checks of the answer. */
function problemWith(head: ResponseHead, key: string, options: DialOptions): string | undefined {
  if (head.status !== 101) return `Unexpected answer ${head.status} ${head.reason}`.trimEnd()
  if (head.headers['upgrade']?.toLowerCase() !== 'websocket') return 'The answer does not upgrade to websocket'
  if (head.headers['sec-websocket-accept'] !== acceptKey(key)) return 'Sec-WebSocket-Accept is wrong'
  const protocol = head.headers['sec-websocket-protocol']
  if (protocol !== undefined && !options.protocols?.includes(protocol)) return 'The subprotocol was not asked for'
  if (head.headers['sec-websocket-extensions'] !== undefined && !options.extensions) {
    return 'The extension was not asked for'
  }
  return undefined
}

/** The beginning of the body is kept: relays and proxies explain themselves there. */
async function refusal(
  socket: Duplex,
  head: ResponseHead,
  rest: Uint8Array,
  problem: string,
): Promise<HandshakeRefused> {
  const announced = head.status === 101 ? 0 : Number(head.headers['content-length'] ?? maxRefusalBodyBytes)
  const length = Math.min(announced || 0, maxRefusalBodyBytes)
  const chunks = [rest]
  let bytes = rest.length
  await new Promise<void>((resolve) => {
    if (bytes >= length) return resolve()
    const timer = setTimeout(resolve, refusalBodyTimeoutMs)
    const done = (): void => {
      clearTimeout(timer)
      resolve()
    }
    socket.on('data', (chunk: Uint8Array) => {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes >= length) done()
    })
    socket.on('error', done)
    socket.on('close', done)
    socket.resume()
  })
  return new HandshakeRefused(problem, {
    status: head.status,
    reason: head.reason,
    headers: head.headers,
    body: Buffer.concat(chunks).toString('utf8', 0, maxRefusalBodyBytes),
  })
}

function ignore(): void {
  // What ended the handshake is thrown; what comes later is the owner's to hear.
}
