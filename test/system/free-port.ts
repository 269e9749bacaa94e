import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'

/** A TCP port of the loopback address for a program that cannot take port 0 itself. */
export async function freePort(): Promise<number> {
  const server = await listen(0)
  const { port } = server.address() as AddressInfo
  await close(server)
  return port
}

/** The first of so many consecutive ports of the loopback address, below those that connections go out from. */
export async function freePortRange(count: number): Promise<number> {
  for (let first = 20_000; first + count < 32_000; first += count) {
    const opened = await Promise.allSettled(Array.from({ length: count }, (_, index) => listen(first + index)))
    const servers = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    await Promise.all(servers.map(close))
    if (servers.length === count) return first
  }
  throw new Error(`no ${count} consecutive ports are free`)
}

async function listen(port: number): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function close(server: Server): Promise<void> {
  server.close()
  await once(server, 'close')
}
