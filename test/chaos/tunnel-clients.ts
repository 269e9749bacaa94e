import { fileURLToPath } from 'node:url'
import { SupervisedProgram } from './supervised-program.ts'
import type { ClientReport, IdleReport } from './tunnel-load.ts'

/** Clients at once. */
const lanes = 6

/** More than a client waits for a connection that does not move. */
const pauseTimeoutMs = 60_000

/** A process full of clients that use a tunnel, and what they found. */
export class TunnelClients {
  readonly program: SupervisedProgram
  /** Everything that was not as it is when nobody is killed; with `keepsAll` every connection. */
  readonly reports: ClientReport[] = []
  #connections = 0
  #bytes = 0
  #idle: PromiseWithResolvers<void> = Promise.withResolvers()

  constructor(options: { readonly port: number; readonly seed: number; readonly keepsAll: boolean }) {
    const { port, seed, keepsAll } = options
    this.program = new SupervisedProgram({
      name: 'clients',
      args: [fileURLToPath(new URL('./tunnel-load.ts', import.meta.url)), ...[port, seed, lanes].map(String)],
      onMessage: (message) => {
        const said = message as ClientReport | IdleReport
        if (said.kind === 'idle') {
          this.#idle.resolve()
          return
        }
        this.#connections += 1
        this.#bytes += said.received
        if (keepsAll || !isAsPlanned(said)) this.reports.push(said)
      },
    })
  }

  /** Connections and echoed bytes of all of them. */
  get totals(): { readonly connections: number; readonly bytes: number } {
    return { connections: this.#connections, bytes: this.#bytes }
  }

  /** No new connections; resolves when the open ones have come to their end. */
  async pause(): Promise<void> {
    this.program.send('pause')
    const late = setTimeout(() => {
      this.#idle.reject(new Error(`the clients did not come to their end:\n${this.program.said}`))
    }, pauseTimeoutMs)
    await this.#idle.promise
    clearTimeout(late)
  }

  /** New connections again. */
  goOn(): void {
    this.#idle = Promise.withResolvers()
    this.program.send('go on')
  }
}

function isAsPlanned({ outcome, isWhole, isPrefix }: ClientReport): boolean {
  return outcome === 'cancelled' ? isPrefix : outcome === 'ended' && isWhole
}
