import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ConnectionOptions } from 'node:tls'
import { lateAnswer, proxyError, proxyUnreachable } from './proxy-errors.ts'
import type { ProxyServer } from './proxy-server.ts'

/** Where a proxy shall lead to, and within what. */
export interface ProxyTunnel {
  readonly host: string
  readonly port: number
  readonly signal: AbortSignal
  /** Finds the proxy itself; the destination is resolved by the proxy. */
  readonly lookup: LookupFunction
  /** Authorities that a proxy with TLS may have its certificate from. Default: those of Node. */
  readonly ca?: ConnectionOptions['ca']
}

/** Proxies explain themselves in pages; none is shown, so none is waited for. */
const maxHeaderBytes = 16_384

/**
 * Has a tunnel opened by `CONNECT`. RFC 9110 section 9.3.6
 *
 * @throws {RelayError} ProxyUnreachable, ProxyAuthenticationRequired, ProxyRefused, ProxyConnectFailed
 */
export async function tunnelByConnect(proxy: ProxyServer, tunnel: ProxyTunnel): Promise<Duplex> {
  const { signal } = tunnel
  signal.throwIfAborted()
  const request = ask(proxy, tunnel)
  const onAbort = (): void => {
    request.destroy(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
  }
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await answerOf(request, proxy, tunnel)
  } catch (error) {
    // Its own end may follow; it has been told already.
    request.on('error', () => {}).destroy()
    throw error
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function ask(proxy: ProxyServer, { host, port, lookup, ca }: ProxyTunnel): ClientRequest {
  const authority = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`
  const options = {
    host: proxy.host,
    port: proxy.port,
    method: 'CONNECT',
    path: authority,
    lookup,
    agent: false,
    maxHeaderSize: maxHeaderBytes,
    headers: { Host: authority, ...authorization(proxy) },
  } as const
  if (proxy.kind !== 'https') return httpRequest(options)
  // Otherwise Node would take the name in Host, and the certificate is the proxy's.
  const servername = isIP(proxy.host) === 0 ? proxy.host : ''
  return httpsRequest({ ...options, servername, ...(ca !== undefined && { ca }) })
}

/** RFC 7617 section 2 */
function authorization({ credentials }: ProxyServer): Readonly<Record<string, string>> {
  if (!credentials) return {}
  const text = Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64')
  return { 'Proxy-Authorization': `Basic ${text}` }
}

function answerOf(request: ClientRequest, proxy: ProxyServer, tunnel: ProxyTunnel): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    request.once('error', (cause) => {
      const { aborted: isLate, reason } = tunnel.signal
      if (isLate && isConnected) reject(lateAnswer(proxy, tunnel, reason))
      else reject(proxyUnreachable(proxy, isLate ? reason : cause))
    })
    let isConnected = false
    const opened = proxy.kind === 'https' ? 'secureConnect' : 'connect'
    request.once('socket', (socket) => {
      socket.once(opened, () => {
        isConnected = true
      })
    })
    // Some proxies answer a refused CONNECT as they would any request; Node tells both by one event.
    request.once('response', (response) => reject(refusal(response, proxy, tunnel)))
    request.once('connect', (response: IncomingMessage, socket: Duplex, head: Buffer) => {
      const { statusCode = 0 } = response
      if (statusCode < 200 || statusCode > 299) {
        socket.on('error', () => {}).destroy()
        reject(refusal(response, proxy, tunnel))
        return
      }
      if (head.length > 0) socket.unshift(head)
      resolve(socket)
    })
    request.end()
  })
}

function refusal(response: IncomingMessage, proxy: ProxyServer, { host, port }: ProxyTunnel): Error {
  const { statusCode = 0, statusMessage = '' } = response
  const said = `${statusCode} ${statusMessage}`.trim()
  if (statusCode === 407) {
    const problem = proxy.credentials
      ? 'does not accept the user name and password'
      : 'asks for a user name and password'
    const offered = schemesOf(response)
    return proxyError('ProxyAuthenticationRequired', proxy, `${problem}${offered} (${said})`)
  }
  // 502, 503 and 504 are about the other side of the proxy; everything else is its own decision.
  if (statusCode >= 502 && statusCode <= 504) {
    return proxyError('ProxyConnectFailed', proxy, `could not reach ${host}:${port} (${said})`)
  }
  return proxyError('ProxyRefused', proxy, `does not lead to ${host}:${port} (${said})`)
}

function schemesOf(response: IncomingMessage): string {
  const offered = response.headers['proxy-authenticate']
  const schemes = [offered ?? []].flat().map((each) => each.split(/[\s,]/, 1)[0] ?? '')
  if (schemes.length === 0 || schemes.some((scheme) => scheme.toLowerCase() === 'basic')) return ''
  return `, by a method that is not supported: ${schemes.join(', ')}`
}
