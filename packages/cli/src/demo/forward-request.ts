import { type IncomingMessage, request as requestHttp } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { RelayedRequest, RelayedResponse } from '@postern/client'

/** They are about one connection and not about the message: RFC 9110 section 7.6.1. `host` names the relay. */
const hopByHop = new Set(['connection', 'host', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade'])

/** Hands an HTTP request of the relay to a service on a port of this machine, and its answer back. */
export async function forwardRequest(
  request: RelayedRequest,
  response: RelayedResponse,
  { port, entity }: { readonly port: number; readonly entity: string },
): Promise<void> {
  // The path begins with the name of the hybrid connection, which the service knows nothing of.
  const path = request.url.slice(entity.length + 1)
  const outgoing = requestHttp({
    host: '127.0.0.1',
    port,
    method: request.method,
    path: path.startsWith('/') ? path : `/${path}`,
    headers: withoutHopByHop(request.headers),
    signal: request.signal,
    agent: false,
  })
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve).once('error', reject)
  })
  const [incoming] = await Promise.all([answered, pipeline(request, outgoing)])
  response.writeHead(incoming.statusCode ?? 502, withoutHopByHop(incoming.headers))
  await pipeline(incoming, response)
}

function withoutHopByHop(headers: IncomingMessage['headers']): Record<string, string | string[]> {
  const kept = Object.entries(headers).filter(([name]) => !hopByHop.has(name))
  return Object.fromEntries(kept.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}
