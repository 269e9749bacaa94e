import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { createOpenSocket } from './open-socket.ts'
import { chooseProxy } from './proxy/choose-proxy.ts'
import { ProxyServer } from './proxy/proxy-server.ts'
import { requestThrough } from './request-through.ts'

/** Answers that have no body. Fetch standard, "null body status" */
const withoutBody = new Set([101, 103, 204, 205, 304])

/**
 * Makes a `fetch` that goes by way of a proxy as listeners and senders do, SOCKS included, which the platform's knows
 * nothing of. It follows no redirects, and takes bodies that are text: what the client of the management API needs. Where
 * there is no proxy on the way it is the platform's.
 *
 * @param proxy as in RelayOptions
 * @throws {RelayError} InvalidConfiguration
 */
export function createRelayFetch(proxy: string | undefined): typeof globalThis.fetch {
  if (proxy !== undefined && proxy !== 'off') ProxyServer.parse(proxy, 'The proxy option')
  const openSocket = createOpenSocket({ tls: {}, proxy })
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input)
    const secure = url.protocol === 'https:'
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
    const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port)
    // Its connections are kept and used again.
    if (!chooseProxy(proxy, { host, port, secure })) return globalThis.fetch(input, init)
    const { method = 'GET', headers, body, signal } = init
    if (body !== undefined && body !== null && typeof body !== 'string' && !(body instanceof URLSearchParams))
      throw new TypeError('the body must be text')
    const text = body?.toString()
    const sent = new Headers(headers)
    if (body instanceof URLSearchParams && !sent.has('content-type'))
      sent.set('Content-Type', 'application/x-www-form-urlencoded')
    if (text !== undefined) sent.set('Content-Length', String(Buffer.byteLength(text)))
    const request = requestThrough(openSocket, {
      host,
      port,
      secure,
      method,
      path: url.pathname + url.search,
      headers: Object.fromEntries(sent),
      signal: signal ?? new AbortController().signal,
    })
    return new Promise((resolve, reject) => {
      request
        .once('error', reject)
        .once('response', (message) => {
          if (isRedirect(message)) {
            message.destroy()
            reject(new TypeError('the answer is a redirect'))
          } else resolve(responseOf(message))
        })
        .end(text)
    })
  }
}

function isRedirect({ statusCode = 0, headers }: IncomingMessage): boolean {
  return statusCode > 300 && statusCode < 309 && statusCode !== 304 && headers.location !== undefined
}

function responseOf(message: IncomingMessage): Response {
  const { statusCode: status = 0, statusMessage: statusText = '', rawHeaders } = message
  const headers = new Headers()
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    headers.append(rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '')
  }
  if (withoutBody.has(status)) {
    message.resume()
    return new Response(null, { status, statusText, headers })
  }
  return new Response(Readable.toWeb(message) as ReadableStream, { status, statusText, headers })
}
