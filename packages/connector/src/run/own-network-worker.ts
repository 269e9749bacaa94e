// Runs inside the network namespace of `run --own-network` and opens sockets there for the connector, which is outside: a
// socket stays in the namespace where it was made, whichever process has it. It imports nothing of ours: it runs as a file.
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, isIPv6 } from 'node:net'

/** What the connector asks for. */
export interface OpenRequest {
  readonly id: number
  readonly protocol: 'tcp' | 'udp'
  readonly address: string
  readonly port: number
}

/** The answer; a socket comes with it unless there is an `error`. */
export interface OpenReply {
  readonly id: number
  readonly error?: { readonly code: string; readonly message: string }
}

/** Connections that the system may hold for the connector while it is busy, as for its other ports. */
const backlog = 511

const isInside = process.send !== undefined
const added = new Set<string>()

if (isInside) {
  // With the channel the connector is gone.
  process.on('disconnect', () => process.exit())
  process.on('message', (request: OpenRequest) => void answer(request))
}

async function answer(request: OpenRequest): Promise<void> {
  const { id } = request
  try {
    await addAddress(request.address)
    const socket = await openSocket(request)
    process.send?.({ id } satisfies OpenReply, socket, () => socket.close())
  } catch (error) {
    const { code = 'ERROR', message } = error as NodeJS.ErrnoException
    process.send?.({ id, error: { code, message } } satisfies OpenReply)
  }
}

/** 127.0.0.0/8 is there from the start; every other address must be given to the loopback interface. */
async function addAddress(address: string): Promise<void> {
  if (address.startsWith('127.') || address === '::1' || added.has(address)) return
  const family = isIPv6(address) ? '-6' : '-4'
  const options = isIPv6(address) ? [`${address}/128`, 'dev', 'lo', 'nodad'] : [`${address}/32`, 'dev', 'lo']
  const child = spawn('ip', [family, 'address', 'add', ...options], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0 && !/exists|already assigned/i.test(said)) throw new Error(`ip address add ${address}: ${said.trim()}`)
  added.add(address)
}

async function openSocket({
  protocol,
  address,
  port,
}: OpenRequest): Promise<ReturnType<typeof createServer> | ReturnType<typeof createSocket>> {
  if (protocol === 'udp') {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
    socket.bind({ address, port, exclusive: true })
    await once(socket, 'listening')
    return socket
  }
  const server = createServer()
  server.listen({ host: address, port, backlog, exclusive: true })
  await once(server, 'listening')
  return server
}
