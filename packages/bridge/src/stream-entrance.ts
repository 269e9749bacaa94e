import { unlink } from 'node:fs/promises'
import { connect, createServer, type ListenOptions, type Server } from 'node:net'
import { type AcceptedSocket, acceptSockets } from '@postern/carrier'
import { type BindRules, bindError, bindHost, boundAddress, type Entrance } from './entrance.ts'
import type { LocalBinding } from './forward.ts'

/** Connections that the system may hold for us while we are busy: a burst of clients is not refused. */
const backlog = 511

/** What {@link openStreamEntrance} needs. */
export interface StreamEntranceOptions {
  readonly relayName: string
  readonly binding: LocalBinding
  readonly rules: BindRules
  readonly onSocket: (socket: AcceptedSocket) => void
  /** A problem of the open port that it survives. */
  readonly onProblem: (error: Error) => void
}

/**
 * Opens a TCP port or a Unix socket. A socket file that a dead program left behind is replaced.
 *
 * @throws {RelayError} InvalidConfiguration with the reason.
 */
export async function openStreamEntrance(options: StreamEntranceOptions): Promise<Entrance> {
  const { binding, relayName } = options
  try {
    return await listen(options)
  } catch (error) {
    const cause = error as NodeJS.ErrnoException
    if (binding.protocol === 'unix' && cause.code === 'EADDRINUSE' && (await isAbandoned(binding.socketPath))) {
      await unlink(binding.socketPath)
      return listen(options)
    }
    throw bindError(relayName, binding, cause)
  }
}

async function listen({ binding, rules, onSocket, onProblem }: StreamEntranceOptions): Promise<Entrance> {
  const at = await place(binding, rules)
  return new Promise((resolve, reject) => {
    // Half-open, or Node would answer a client's FIN with ours and lose the reply.
    const server = createServer({ allowHalfOpen: true })
    server.once('error', reject)
    server.listen(at, () => {
      server.off('error', reject)
      // Running out of file descriptors refuses one connection; it must not end the process.
      server.on('error', onProblem)
      acceptSockets(server, { onSocket })
      resolve({ address: addressOfServer(server), close: () => void server.close() })
    })
  })
}

async function place(binding: LocalBinding, rules: BindRules): Promise<ListenOptions | Server> {
  if (binding.protocol === 'unix') return { path: binding.socketPath, backlog }
  const host = bindHost(binding.host, rules)
  if (rules.sockets && host !== undefined) return rules.sockets.listen(host, binding.port)
  return { port: binding.port, backlog, ...(host !== undefined && { host }) }
}

function addressOfServer(server: Server): string {
  const address = server.address()
  if (address === null) return ''
  return typeof address === 'string' ? address : boundAddress(address)
}

/** True when nobody listens on a socket file. */
function isAbandoned(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path })
    socket.once('connect', () => {
      socket.destroy()
      resolve(false)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'))
  })
}
