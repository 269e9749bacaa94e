import { ObservedProgram } from './observed-program.ts'
import type { RelayProcess } from './relay-process.ts'

/** `postern bridge` at both ends of a hybrid connection, each in a process of its own. */
export class Tunnel implements AsyncDisposable {
  /** The process beside the target. */
  readonly remote: ObservedProgram
  /** The process beside the client. */
  readonly local: ObservedProgram
  /** Port of this machine that leads to the target. */
  readonly port: number

  private constructor(remote: ObservedProgram, local: ObservedProgram, port: number) {
    this.remote = remote
    this.local = local
    this.port = port
  }

  /** Leads a free local port through `name` to a TCP port of this machine. */
  static async open(relay: RelayProcess, name: string, targetPort: number): Promise<Tunnel> {
    const { listen, send } = relay.access(name)
    const bridge = (connectionString: string, ...args: string[]): Promise<ObservedProgram> =>
      ObservedProgram.start(['bridge', ...args, '--tls-ca', relay.caFile, '--json'], {
        POSTERN_CONNECTION_STRING: connectionString,
      })
    const remote = await bridge(listen, '-T', `${name}:127.0.0.1:${targetPort}`)
    const local = await bridge(send, '-L', `127.0.0.1:0:${name}`)
    try {
      await remote.untilLogs('forwarder.online')
      const { addresses } = await local.untilLogs('forwarder.listening')
      const port = /:(\d+)$/.exec(String((addresses as string[])[0]))?.[1]
      return new Tunnel(remote, local, Number(port))
    } catch (error) {
      await Promise.all([remote.stop(), local.stop()])
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.local.stop(), this.remote.stop()])
  }
}
