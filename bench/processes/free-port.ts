import { once } from 'node:events'
import { createServer } from 'node:net'

const handedOut = new Set<number>()

/** Finds a loopback TCP port that nobody listens on; never the same one twice in a process. */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    server.close()
    await once(server, 'close')
    if (address === null || typeof address === 'string' || handedOut.has(address.port)) continue
    handedOut.add(address.port)
    return address.port
  }
}
