import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect } from 'node:tls'
import type { Way } from './way.ts'

/** What came back. */
export interface HttpAnswer {
  readonly status: number
  readonly reason: string
  readonly headers: IncomingHttpHeaders
}

/** Sends a WebSocket handshake that no token goes with, and gives whatever is answered. */
export async function probeUpgrade(way: Way, path: string, signal: AbortSignal): Promise<HttpAnswer> {
  const stream = await openStream(way, signal)
  return new Promise((resolve, reject) => {
    const handshake = request({
      createConnection: () => stream,
      host: way.host,
      port: way.port,
      defaultPort: way.secure ? 443 : 80,
      path,
      signal,
      headers: {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        // RFC 6455 section 4.1 has a random one; nothing is sent on this connection.
        'Sec-WebSocket-Key': 'cG9zdGVybiBkb2N0b3IgMQ==',
      },
    })
    const take = (message: IncomingMessage): void => {
      const { statusCode: status = 0, statusMessage: reason = '', headers } = message
      stream.on('error', () => {}).destroy()
      resolve({ status, reason, headers })
    }
    handshake.once('response', take).once('upgrade', take).once('error', reject).end()
  })
}

/** With TLS that is checked: what is not trusted shall not answer. */
async function openStream({ host, secure, ca, open }: Way, signal: AbortSignal): Promise<Duplex> {
  const stream = await open(signal)
  if (!secure) return stream
  return connect({
    host,
    socket: stream,
    ALPNProtocols: ['http/1.1'],
    ...(isIP(host) === 0 && { servername: host }),
    ...(ca !== undefined && { ca: typeof ca === 'string' ? ca : [...ca] }),
  })
}
