import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AcmeChallenges } from './acme-challenges.ts'

/** An ACME server sends one small request; whoever sends more, or nothing, is somebody else. */
const limits = { requestTimeout: 5000, headersTimeout: 5000, connectionsCheckingInterval: 1000, maxHeaderSize: 4096 }

const maxConnections = 32

/**
 * Answers http-01 challenges on a port of its own, for the time of one order.
 * @returns the function that closes it
 * @throws the system's error when the port is taken or not allowed
 */
export async function serveHttpChallenges(challenges: AcmeChallenges, port: number): Promise<() => void> {
  const server = createServer(limits, (request, response) => {
    const text = challenges.textFor(request.url ?? '')
    response.writeHead(text === undefined ? 404 : 200, { 'Content-Type': 'text/plain', Connection: 'close' }).end(text)
  })
  server.maxConnections = maxConnections
  server.listen(port)
  await once(server, 'listening')
  return () => {
    server.close()
    server.closeAllConnections()
  }
}
