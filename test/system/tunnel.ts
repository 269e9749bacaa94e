import { ObservedProgram } from './observed-program.ts'
import type { RelayProcess } from './relay-process.ts'

/** Forwards of the two ends, as the command line has them. */
export interface TunnelForwards {
  readonly remote: readonly string[]
  readonly local: readonly string[]
}

/** `postern bridge` at both ends of a hybrid connection, each in a process of its own. */
export class Tunnel implements AsyncDisposable {
  /** The process beside the target. */
  readonly remote: ObservedProgram
  /** The process beside the client. */
  readonly local: ObservedProgram
  /** What the local end has opened, in the order of its forwards. */
  readonly addresses: readonly string[]

  private constructor(remote: ObservedProgram, local: ObservedProgram, addresses: readonly string[]) {
    this.remote = remote
    this.local = local
    this.addresses = addresses
  }

  /** Leads a free local port through `name` to a TCP port of this machine. */
  static open(relay: RelayProcess, name: string, targetPort: number): Promise<Tunnel> {
    const forwards = { remote: ['-T', `${name}:127.0.0.1:${targetPort}`], local: ['-L', `127.0.0.1:0:${name}`] }
    return Tunnel.lead(relay, name, forwards)
  }

  /** Runs both ends with forwards of one hybrid connection. */
  static async lead(relay: RelayProcess, name: string, forwards: TunnelForwards): Promise<Tunnel> {
    const { listen, send } = relay.access(name)
    const bridge = (connectionString: string, args: readonly string[]): Promise<ObservedProgram> =>
      ObservedProgram.start(['bridge', '--carriers', 'off', ...args, '--tls-ca', relay.caFile, '--json'], {
        POSTERN_CONNECTION_STRING: connectionString,
      })
    const remote = await bridge(listen, forwards.remote)
    const local = await bridge(send, forwards.local)
    try {
      await remote.untilLogs('forwarder.online')
      const { addresses } = await local.untilLogs('forwarder.listening')
      return new Tunnel(remote, local, addresses as string[])
    } catch (error) {
      await Promise.all([remote.stop(), local.stop()])
      throw error
    }
  }

  /** The first port that the local end has opened. */
  get port(): number {
    return this.portAt(0)
  }

  /** The port, TCP or UDP, of the local end's forward at this place. */
  portAt(index: number): number {
    return Number(/:(\d+)U?$/.exec(this.addresses[index] ?? '')?.[1])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.local.stop(), this.remote.stop()])
  }
}
