import { LocalForwarder, parseLocalForward, parseRemoteForward, RemoteForwarder } from '@postern/bridge'
import { Sender } from '@postern/client'
import type { Logger } from '@postern/program'
import type { UsableHybridConnection } from './demo-resources.ts'
import { forwardRequest } from './forward-request.ts'
import type { RelayAccess } from './relay-access.ts'

export interface DemoTunnelOptions {
  readonly hybridConnection: UsableHybridConnection
  readonly access: RelayAccess
  /** Port of the private service. */
  readonly servicePort: number
  readonly log: Logger
}

/** The bound for reaching the relay, which runs in this process: a slow machine needs a fraction of it. */
const onlineTimeoutMs = 10_000

/** Both ends of a tunnel in one process: relay to private service, and local port to relay. */
export class DemoTunnel implements AsyncDisposable {
  readonly #remote: RemoteForwarder
  readonly #local: LocalForwarder

  private constructor(remote: RemoteForwarder, local: LocalForwarder) {
    this.#remote = remote
    this.#local = local
  }

  /** @throws {Error} with the reason when the relay does not take the listener in time */
  static async start({ hybridConnection, access, servicePort, log }: DemoTunnelOptions): Promise<DemoTunnel> {
    const { name, listen, send } = hybridConnection
    const remote = new RemoteForwarder({
      forward: parseRemoteForward(`${name}:127.0.0.1:${servicePort}`),
      listen: {
        ...access,
        connectionString: listen,
        onRequest: (request, response) => forwardRequest(request, response, { port: servicePort, entity: name }),
      },
      framing: 'azbridge',
      logger: log,
    })
    const local = new LocalForwarder({
      forward: parseLocalForward(`127.0.0.1:0:${name}`),
      sender: new Sender({ ...access, connectionString: send }),
      framing: 'azbridge',
      logger: log,
    })
    const tunnel = new DemoTunnel(remote, local)
    try {
      await Promise.all([remote.start(), local.start()])
      await remote.online(AbortSignal.timeout(onlineTimeoutMs))
      return tunnel
    } catch (error) {
      await tunnel[Symbol.asyncDispose]()
      const reason = remote.status.lastError?.message ?? (error as Error).message
      throw new Error(`The demo tunnel did not come online: ${reason}`, { cause: error })
    }
  }

  /** `host:port` of the local end. */
  get localAddress(): string {
    return this.#local.status.addresses[0] ?? ''
  }

  /** What the two ends complained about last, for the message about a proof that failed. */
  get problems(): readonly string[] {
    return [this.#remote.status, this.#local.status].flatMap(({ lastError }) => (lastError ? [lastError.message] : []))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#local.stop({ graceMs: 0 }), this.#remote.stop({ graceMs: 0 })])
  }
}
