import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'

/** Where the system takes the ports of outgoing connections when it does not say. */
const usualEphemeralStart = 32_768

const lowestPort = 10_240

/**
 * Free TCP ports below those that the system gives to outgoing connections. A program that was killed must get its port
 * back; one of the ephemeral range could meanwhile have gone to somebody's outgoing connection.
 */
export async function findFixedPorts(count: number): Promise<number[]> {
  const end = await ephemeralStart()
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = lowestPort + Math.floor(Math.random() * (end - lowestPort))
    if (await isFree(port)) ports.add(port)
  }
  return [...ports]
}

async function ephemeralStart(): Promise<number> {
  const range = await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').catch(() => '')
  const start = Number.parseInt(range, 10)
  return start > lowestPort + 1000 ? start : usualEphemeralStart
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
