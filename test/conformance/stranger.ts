import { once } from 'node:events'
import * as net from 'node:net'
import type { Duplex } from 'node:stream'
import * as tls from 'node:tls'
import type { TestRelay } from '@postern/testkit'

/** What an answer says, as far as it could be read. */
export interface RawAnswer {
  readonly status: number
  readonly reason: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Everything that came. */
  readonly text: string
}

/** TCP to the data door, from an address of one's own if need be. */
export async function dialTcp(relay: TestRelay, options: { readonly localAddress?: string } = {}): Promise<net.Socket> {
  const socket = net.connect({ host: '127.0.0.1', port: relay.relay.server.dataPort, ...options })
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** TLS to the data door where it speaks TLS, else TCP; `servername` need not be what is asked for later. */
export async function dialRaw(
  relay: TestRelay,
  options: { readonly localAddress?: string; readonly servername?: string } = {},
): Promise<net.Socket> {
  const socket = await dialTcp(relay, options)
  if (relay.relay.data.startsWith('http:')) return socket
  const secured = tls.connect({ socket, servername: options.servername ?? 'localhost', ...relay.tls })
  secured.on('error', () => {})
  await new Promise<void>((resolve, reject) => {
    secured.once('secureConnect', resolve)
    socket.once('close', () => reject(new Error('cut off during the TLS handshake')))
  })
  return secured
}

/** Everything until the other side ends or cuts the connection. */
export async function readAll(socket: Duplex, timeoutMs = 5000): Promise<string> {
  let text = ''
  socket.on('data', (chunk) => {
    text += String(chunk)
  })
  if (socket.closed) return text
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`still open after ${timeoutMs} ms`)), timeoutMs)
    socket.once('close', () => {
      clearTimeout(timer)
      resolve(text)
    })
  })
}

/** Everything up to `wanted`. */
export async function readUntil(socket: Duplex, wanted: string, timeoutMs = 5000): Promise<string> {
  let text = ''
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const onData = (chunk: Uint8Array): void => {
    text += String(chunk)
    if (text.includes(wanted)) resolve(text)
  }
  const timer = setTimeout(() => reject(new Error(`"${wanted}" did not come, only ${text}`)), timeoutMs)
  socket.on('data', onData)
  socket.once('close', () => reject(new Error(`closed before "${wanted}" came, only ${text}`)))
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    socket.off('data', onData)
  }
}

export function readAnswer(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n')
  const [statusLine = '', ...lines] = text.slice(0, end < 0 ? undefined : end).split('\r\n')
  const [, status = '0', reason = ''] = /^HTTP\/1\.1 (\d{3}) (.*)$/.exec(statusLine) ?? []
  const headers = lines.map((line) => [line.split(':', 1)[0]!.toLowerCase(), line.replace(/^[^:]*:\s*/, '')])
  return { status: Number(status), reason, headers: Object.fromEntries(headers), body: text.slice(end + 4), text }
}

/** Sends text as it stands and gives back the first answer; the connection ends with it. */
export async function exchange(
  relay: TestRelay,
  request: string,
  options: Parameters<typeof dialRaw>[1] = {},
): Promise<RawAnswer> {
  const socket = await dialRaw(relay, options)
  socket.write(request, 'latin1')
  const answer = readAnswer(await readUntil(socket, '\r\n\r\n').catch((error: Error) => error.message))
  socket.destroy()
  return answer
}

/** The head of an upgrade; `lines` come after the usual ones. */
export function upgradeHead(target: string, lines: readonly string[] = [], host = 'localhost'): string {
  return [
    `GET ${target} HTTP/1.1`,
    `Host: ${host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...lines,
    '\r\n',
  ].join('\r\n')
}

/** A promise for the time at which something holds; asks in every turn, for at most 5 seconds. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 5000
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`${what}: not within 5 seconds`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
