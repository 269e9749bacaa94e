import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

const handedOut = new Set<number>()

/** Finds a loopback TCP port that nobody listens on; never the same one twice in a process. */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    if (handedOut.has(port)) continue
    handedOut.add(port)
    return port
  }
}
