import { createServer, type Server, type Socket } from 'node:net'
import type { Sender } from '@postern/client'
import type { Logger } from '@postern/program'
import { RelayError } from '@postern/protocol'
import { cutSocket } from './cut-socket.ts'
import type { LocalBinding, LocalForward } from './forward-specification.ts'
import { type Forwarder, type ForwarderStatus, type Framing, forwarderEvents } from './forwarder.ts'
import { OpenTunnels } from './open-tunnels.ts'
import { requestTarget } from './request-target.ts'

/** Connections that the system may hold for us while we are busy: a burst of clients is not refused. */
const backlog = 511

/** What a LocalForwarder works with. */
export interface LocalForwarderOptions {
  readonly forward: LocalForward
  /** Opens connections to the hybrid connection that the forward names. */
  readonly sender: Sender
  readonly framing: Framing
  readonly logger: Logger
}

/** Listens on TCP ports of this machine; every connection becomes a relayed connection of its own. */
export class LocalForwarder implements Forwarder {
  readonly #options: LocalForwarderOptions
  readonly #tunnels: OpenTunnels
  readonly #servers: Server[] = []
  #state: ForwarderStatus['state'] = 'starting'

  constructor(options: LocalForwarderOptions) {
    const { forward, sender, logger } = options
    this.#options = options
    this.#tunnels = new OpenTunnels({ relayName: forward.relayName, keyName: sender.keyName, logger })
  }

  /** How it is doing; `addresses` are those that were really bound. */
  get status(): ForwarderStatus {
    return {
      kind: 'local',
      state: this.#state,
      addresses: this.#servers.map(boundAddress),
      ...this.#tunnels.status,
    }
  }

  /**
   * Opens the ports.
   *
   * @throws {RelayError} InvalidConfiguration when one of them cannot be bound; none stays open then.
   */
  async start(): Promise<void> {
    const { forward, logger } = this.#options
    try {
      for (const binding of forward.bindings) this.#servers.push(await this.#listen(binding))
    } catch (error) {
      await this.stop({ graceMs: 0 })
      throw error
    }
    this.#state = 'online'
    logger.info(forwarderEvents.listening, { relay: forward.relayName, addresses: this.status.addresses })
  }

  /** Closes the ports and lets open connections end for `graceMs`, then cuts them. */
  async stop({ graceMs }: { readonly graceMs: number }): Promise<void> {
    this.#state = 'stopped'
    for (const server of this.#servers) server.close()
    await this.#tunnels.end(graceMs)
  }

  #listen(binding: LocalBinding): Promise<Server> {
    const { host, port, portName } = binding
    return new Promise((resolve, reject) => {
      // Half-open, or Node would answer a client's FIN with ours and lose the reply.
      const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket, portName))
      const refuse = (error: NodeJS.ErrnoException): void => reject(bindError(this.#options.forward, binding, error))
      server.once('error', refuse)
      server.listen({ host, port, backlog }, () => {
        server.off('error', refuse)
        // Running out of file descriptors refuses one connection; it must not end the process.
        server.on('error', (error) => this.#tunnels.fail(error))
        resolve(server)
      })
    })
  }

  #accept(socket: Socket, portName: string): void {
    this.#tunnels.add(socket)
    const gone = new AbortController()
    socket.on('error', () => {})
    socket.once('close', () => gone.abort())
    this.#connect(socket, portName, gone.signal).catch((error: unknown) => this.#refuse(socket, error))
  }

  async #connect(socket: Socket, portName: string, signal: AbortSignal): Promise<void> {
    const connection = await this.#options.sender.connectRaw({ signal })
    if (signal.aborted) {
      connection.abort()
    } else if (this.#options.framing === 'raw') {
      this.#tunnels.join(socket, connection)
    } else {
      const abort = (): void => connection.abort()
      signal.addEventListener('abort', abort)
      requestTarget(connection, portName, {
        onAccepted: (first) => {
          signal.removeEventListener('abort', abort)
          this.#tunnels.join(socket, connection, first)
        },
        onRefused: (error) => this.#refuse(socket, error),
      })
    }
  }

  /** An error that follows from the client's own leaving is nobody's concern. */
  #refuse(socket: Socket, error: unknown): void {
    if (socket.destroyed) return
    this.#tunnels.fail(error)
    cutSocket(socket)
  }
}

function bindError(forward: LocalForward, { host, port }: LocalBinding, cause: NodeJS.ErrnoException): RelayError {
  const reason = bindReasons[cause.code ?? ''] ?? cause.message
  const message = `${forward.relayName}: cannot listen on ${host}:${port}: ${reason}`
  return new RelayError('InvalidConfiguration', { message, cause })
}

const bindReasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program has this port',
  EACCES: 'ports below 1024 need more rights',
  EADDRNOTAVAIL: 'this machine has no such address',
}

function boundAddress(server: Server): string {
  const address = server.address()
  if (address === null || typeof address === 'string') return ''
  return address.family === 'IPv6' ? `[${address.address}]:${address.port}` : `${address.address}:${address.port}`
}
