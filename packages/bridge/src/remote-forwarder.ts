import { once } from 'node:events'
import { type ConnectionRequest, Listener, type ListenerOptions, type RelayedConnection } from '@postern/client'
import type { Logger } from '@postern/program'
import { errorTable, RelayError } from '@postern/protocol'
import { answerTargetRequest } from './answer-target-request.ts'
import { cutSocket } from './cut-socket.ts'
import { dialTarget, type TargetDial } from './dial-target.ts'
import type { RemoteForward, RemoteTarget } from './forward-specification.ts'
import { type Forwarder, type ForwarderStatus, type Framing, forwarderEvents } from './forwarder.ts'
import { OpenTunnels } from './open-tunnels.ts'
import { encodePreambleReply } from './preamble.ts'

/** What a RemoteForwarder works with. */
export interface RemoteForwarderOptions {
  readonly forward: RemoteForward
  /** How to listen on the hybrid connection that the forward names; `onRequest` may answer its HTTP requests. */
  readonly listen: Omit<ListenerOptions, 'onConnection'>
  readonly framing: Framing
  readonly logger: Logger
}

/** Listens on a hybrid connection; every sender is led to a TCP service that this machine can reach. */
export class RemoteForwarder implements Forwarder {
  readonly #options: RemoteForwarderOptions
  readonly #listener: Listener
  readonly #tunnels: OpenTunnels

  /**
   * @throws {RelayError} InvalidConfiguration when framing is raw and there are several targets: bare bytes cannot say
   *   which one they want.
   */
  constructor(options: RemoteForwarderOptions) {
    const { forward, framing, listen, logger } = options
    const { relayName } = forward
    if (framing === 'raw' && forward.targets.length > 1) {
      throw new RelayError('InvalidConfiguration', {
        message: `${relayName}: framing "raw" carries no port name, so only one target can be given`,
      })
    }
    this.#options = options
    this.#listener = new Listener({ ...listen, onConnection: (request) => this.#onConnection(request) })
    this.#tunnels = new OpenTunnels({ relayName, keyName: this.#listener.keyName, logger })
    this.#listener.on('online', () => {
      logger.info(forwarderEvents.online, { relay: relayName, targets: this.status.addresses })
    })
    this.#listener.on('offline', (error, retryInMs) => {
      const message = this.#tunnels.note(error)
      logger.warn(forwarderEvents.offline, { relay: relayName, message, retryInMs: Math.round(retryInMs) })
    })
    this.#listener.on('problem', (error) => this.#tunnels.fail(error))
  }

  /** How it is doing. */
  get status(): ForwarderStatus {
    return {
      kind: 'remote',
      state: stateOf[this.#listener.state],
      addresses: this.#options.forward.targets.map(addressOf),
      ...this.#tunnels.status,
    }
  }

  /** Begins to listen; the relay need not be there yet. */
  start(): Promise<void> {
    this.#listener.start()
    return Promise.resolve()
  }

  /** Resolves when the relay sends senders to us; rejects only by the signal. */
  async online(signal?: AbortSignal): Promise<void> {
    if (this.#listener.state !== 'online') await once(this.#listener, 'online', { ...(signal && { signal }) })
  }

  /** Stops listening and lets open connections end for `graceMs`, then cuts them. */
  async stop({ graceMs }: { readonly graceMs: number }): Promise<void> {
    await this.#listener.close()
    await this.#tunnels.end(graceMs)
  }

  async #onConnection(request: ConnectionRequest): Promise<void> {
    const [target, ...others] = this.#options.forward.targets
    if (!target) return
    if (others.length > 0) this.#readPreamble(await request.acceptRaw())
    else await this.#serveOnlyTarget(request, this.#dial(target))
  }

  /**
   * With one target it is known before the sender has said a word: one that is away becomes a status and a reason for
   * the sender instead of a connection that breaks.
   */
  async #serveOnlyTarget(request: ConnectionRequest, dial: TargetDial): Promise<void> {
    try {
      await dial.connected
    } catch (error) {
      this.#tunnels.fail(error)
      await request.reject({ status: errorTable.TargetUnreachable.httpStatus, description: (error as Error).message })
      return
    }
    try {
      const connection = await request.acceptRaw()
      if (this.#options.framing === 'raw') this.#tunnels.join(dial.socket, connection)
      else this.#readPreamble(connection, dial)
    } catch (error) {
      cutSocket(dial.socket)
      throw error
    }
  }

  #readPreamble(connection: RelayedConnection, dialed?: TargetDial): void {
    answerTargetRequest(connection, this.#options.forward.targets, {
      onTarget: (target, first) => {
        const { socket, connected } = dialed ?? this.#dial(target)
        const accept = (): void => void connection.send(encodePreambleReply('accepted', 'stream'))
        if (socket.connecting) socket.once('connect', accept)
        else accept()
        connected.catch((error: unknown) => this.#tunnels.fail(error))
        this.#tunnels.join(socket, connection, first)
      },
      onRefused: (reason) => {
        if (dialed) cutSocket(dialed.socket)
        this.#tunnels.fail(new RelayError('TargetUnreachable', { message: reason, trackingId: connection.trackingId }))
      },
    })
  }

  #dial(target: RemoteTarget): TargetDial {
    const dial = dialTarget(target)
    this.#tunnels.add(dial.socket)
    return dial
  }
}

const stateOf = {
  idle: 'starting',
  connecting: 'offline',
  online: 'online',
  offline: 'offline',
  closed: 'stopped',
} as const

function addressOf({ host, port }: RemoteTarget): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
