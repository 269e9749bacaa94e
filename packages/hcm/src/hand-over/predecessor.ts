import { setTimeout as delay } from 'node:timers/promises'
import { isRelayError, RelayError } from '@postern/protocol'
import { ControlClient } from '../control/control-client.ts'
import type { HybridConnectionStatus } from '../service/status.ts'

/** A hybrid connection as it is served here. */
export interface Served {
  readonly status: HybridConnectionStatus
  /** Our own control channel is open: the status counts those of others, too. */
  readonly isListening: boolean
}

const pollMs = 100
/** What the predecessor waits longer than we do. */
const afterwardsMs = 30_000
/** Until the socket of a process that goes is free. */
const leaveTimeoutMs = 10_000

/** The process that serves in this folder, seen from the one that is to take over from it. */
export class Predecessor {
  readonly #control: ControlClient
  readonly #before: readonly HybridConnectionStatus[]

  private constructor(control: ControlClient, before: readonly HybridConnectionStatus[]) {
    this.#control = control
    this.#before = before
  }

  /** Finds the process and has it change nothing from now on; undefined when none answers. */
  static async find(
    socketPath: string,
    { timeoutMs }: { readonly timeoutMs: number },
  ): Promise<Predecessor | undefined> {
    const control = new ControlClient(socketPath)
    try {
      const before = await control.call('list', {})
      await control.call('handOverPrepare', { patienceMs: timeoutMs + afterwardsMs })
      return new Predecessor(control, before)
    } catch (error) {
      if (isRelayError(error, 'ConnectionFailed')) return undefined
      throw error
    }
  }

  /**
   * Waits until everything that the predecessor served is served here as well, then has it go. Its streams go on there.
   *
   * @throws {RelayError} ConnectTimeout when that does not come in time: the predecessor serves on.
   */
  async replace(list: () => readonly Served[], { timeoutMs }: { readonly timeoutMs: number }): Promise<void> {
    const until = performance.now() + timeoutMs
    for (let missing = this.#missing(list()); missing !== undefined; missing = this.#missing(list())) {
      if (performance.now() > until) {
        const message = `This version does not serve as the one before did: ${missing}`
        await this.giveUp(message)
        throw new RelayError('ConnectTimeout', { message })
      }
      await delay(pollMs)
    }
    await this.#control.call('handOverFinish', {}).catch((error: unknown) => {
      // It is gone; whoever it was, nobody else serves now.
      if (!isRelayError(error, 'ConnectionFailed')) throw error
    })
    await this.#untilGone()
  }

  /** Lets the predecessor go on as before. */
  async giveUp(reason: string): Promise<void> {
    await this.#control.call('handOverAbandon', { reason: reason.slice(0, 1_000) }).catch(() => {})
  }

  /** What the predecessor did and we do not, in words. */
  #missing(now: readonly Served[]): string | undefined {
    for (const before of this.#before) {
      const name = `${before.Namespace}/${before.Name}`
      const served = now.find(({ status }) => isSame(status, before))
      if (!served) return `${name} is missing`
      const { status: here, isListening } = served
      const why = here.Problem ? ` (${here.Problem.Message})` : ''
      if (before.Status === 'Connected' && !isListening) return `${name} is not registered at the relay${why}`
      if (before.Target === 'Reachable' && here.Target !== 'Reachable') return `${name} does not reach its target${why}`
    }
    return undefined
  }

  async #untilGone(): Promise<void> {
    const until = performance.now() + leaveTimeoutMs
    while (performance.now() < until) {
      const isThere = await this.#control.call('describe', {}).then(
        () => true,
        () => false,
      )
      if (!isThere) return
      await delay(pollMs)
    }
  }
}

function isSame(one: HybridConnectionStatus, other: HybridConnectionStatus): boolean {
  return one.Name === other.Name && one.ServiceBusEndpoint === other.ServiceBusEndpoint
}

/** Tells the program that keeps us going that we serve now, and that the process before us only ends its streams. */
export function tellKeeper(): void {
  if (process.env['POSTERN_HCM_KEEPER'] === String(process.ppid)) process.kill(process.ppid, 'SIGUSR1')
}
