import { execFileSync } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'

import { NetworkYard } from '../../test/system/faults/network-yard.ts'
import type { RunningCandidate } from '../candidates/candidate.ts'
import type { Places } from '../candidates/places.ts'
import { LoadProcess, loadFlags } from '../load/load-process.ts'
import { demandTraffic } from '../load/sample.ts'
import type { EchoPath } from '../processes/check-echo.ts'
import { readCongestionControl, writeCongestionControl } from '../processes/congestion-control.ts'
import { findFreePort } from '../processes/free-port.ts'

/** The target lives as long as a measurement, not longer than this. */
const targetSeconds = 120
/** A window grows to the path's size in some ten round trips of 200 ms. */
const warmupSeconds = 4
const retryMs = 100
const commandTimeoutMs = 10_000

/** What is sent at once, and for how long. */
export interface PathLoad {
  readonly loadBinary: string
  readonly streams: number
  /** Measured, after some seconds in which windows grow. */
  readonly seconds: number
}

/** What clients have counted, and what they said about connections that failed. */
interface PathCount {
  readonly bytes: number
  readonly seconds: number
  readonly operations: number
  readonly complaint: string
}

/**
 * Two networks of their own joined by a link that takes time and loses packets: the client and what stands beside it near, relay
 * and target far. Takes root.
 */
export class LongPath implements AsyncDisposable {
  readonly relayHost: string
  /** Congestion control that both networks have now, as the kernel says. */
  readonly congestion: string
  readonly #yard: NetworkYard

  private constructor(yard: NetworkYard) {
    this.#yard = yard
    this.relayHost = readAddress(yard.enter('relay'))
    const settings = ['near', 'relay'].map((place) => readCongestionControl(yard.enter(place)))
    this.congestion = [...new Set(settings)].join(' and ')
  }

  /**
   * @param roundTripMs there and back.
   * @param congestion name of the congestion control of both networks, as the kernel knows it.
   */
  static async open(roundTripMs: number, congestion: string): Promise<LongPath> {
    const yard = await NetworkYard.open({ near: { delayMs: roundTripMs / 2 } })
    try {
      for (const place of ['near', 'relay']) writeCongestionControl(congestion, yard.enter(place))
      return new LongPath(yard)
    } catch (error) {
      await yard[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Loses so many percent of the packets from now on, in each direction. */
  async lose(percent: number): Promise<void> {
    if (percent > 0) await this.#yard.lose('near', percent)
    else await this.#yard.hear('near')
  }

  /** For candidates that are to run here. */
  places(loadBinary: string): Places {
    return {
      relayHost: this.relayHost,
      enter: (place) => this.#yard.enter(place === 'near' ? 'near' : 'relay'),
      prove: async (path, timeoutMs) => await this.#prove(loadBinary, path, timeoutMs),
    }
  }

  /** MB/s from target to client: the direction of a download. `candidate` undefined: the path alone. @throws {Error} when no byte came. */
  async measure(candidate: RunningCandidate | undefined, load: PathLoad): Promise<number> {
    const port = await findFreePort()
    const path = candidate ?? { listenPort: port, targetPort: port, isFar: true }
    // What clients dial without anything between must listen where the link leads.
    const listen = candidate === undefined ? this.relayHost : undefined
    const { streams: connections, seconds } = load
    const flags = { connections, seconds, warmup: warmupSeconds }
    const result = await this.#run(load.loadBinary, 'down', path, flags, listen)
    demandTraffic({ mode: 'down' }, result, result.complaint)
    return result.bytes / result.seconds / 1e6
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#yard[Symbol.asyncDispose]()
  }

  async #prove(loadBinary: string, path: EchoPath, timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const flags = { connections: 1, seconds: 1, warmup: 0 }
      const { operations } = await this.#run(loadBinary, 'ping', path, flags, undefined)
      if (operations > 0) return
      if (Date.now() > deadline) throw new Error(`no byte came through in ${timeoutMs} ms`)
      await delay(retryMs)
    }
  }

  async #run(
    loadBinary: string,
    mode: 'down' | 'ping',
    { listenPort, targetPort, isFar = false, listenAddress = 1 }: EchoPath,
    flags: { readonly connections: number; readonly seconds: number; readonly warmup: number },
    listen: string | undefined,
  ): Promise<PathCount> {
    const far = { connect: 1, target: targetPort, connections: 0, warmup: 0, seconds: targetSeconds }
    const target = this.#start(
      'relay',
      [loadBinary, mode, ...loadFlags({ ...far, ...(listen && { listen }) })],
      targetSeconds,
    )
    try {
      await target.expectLine('START')
      const near = {
        ...{ connect: listenPort, address: listenAddress, target: await findFreePort(), ...flags },
        ...(isFar && { host: this.relayHost }),
      }
      const clients = this.#start('near', [loadBinary, mode, ...loadFlags(near)], flags.seconds + flags.warmup)
      try {
        await clients.expectLine('START')
        await clients.expectLine('END')
        const counted: Omit<PathCount, 'complaint'> = JSON.parse(await clients.nextLine())
        return { ...counted, complaint: clients.complaints }
      } finally {
        clients.kill()
      }
    } finally {
      target.kill()
    }
  }

  #start(place: 'near' | 'relay', command: readonly string[], plannedSeconds: number): LoadProcess {
    const [binary = '', ...args] = [...this.#yard.enter(place), ...command]
    return new LoadProcess({ binary, args, plannedSeconds })
  }
}

/** The first address that is not loopback's. */
function readAddress(enter: readonly string[]): string {
  const text = runToEnd([...enter, 'ip', '-4', '-o', 'address', 'show', 'scope', 'global'])
  const address = /inet ([0-9.]+)\//.exec(text)?.[1]
  if (address === undefined) throw new Error('the far network has no address')
  return address
}

function runToEnd([program = '', ...args]: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', timeout: commandTimeoutMs })
}
