import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setPriority } from 'node:os'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'

import { ReconnectDelay } from '../../packages/client/src/listener/reconnect-delay.ts'
import type { ListenerEntry } from '../candidates/candidate.ts'
import { openListener } from '../load/hold-listeners.ts'

// Listeners of many machines, in one process. Reads what to do as JSON, one a line; says `ready`, and tells as JSON when all are there.
// They stay until standard input ends, or until the process is killed: then the kernel cuts all of them at once.

/** What the crowd is told. */
export interface CrowdOrder {
  readonly door: ListenerEntry
  readonly count: number
  /** Listeners that dial at the same moment; all others wait for one of them. */
  readonly atOnce: number
  /** Priority as of nice(1), 0 to 19: they stand for other machines, and should not take from relay and tunnel what they need of this one. */
  readonly nice: number
}

/** What the crowd tells when all are there. */
export interface CrowdReport {
  readonly open: number
  /** Attempts that failed and were made again. */
  readonly retries: number
  /** From the order to the last one that was accepted. */
  readonly seconds: number
  /** Why the first attempt that failed did. */
  readonly complaint: string
}

/** Source addresses 127.0.2.1 and so on: the limits for strangers are for an address, and listeners have one each. */
const sourceAddresses = 250
/** Longer than the relay's own deadline: that is to be met, not this. */
const attemptTimeoutMs = 30_000
const giveUpMs = 240_000

async function gather(order: CrowdOrder): Promise<CrowdReport & { readonly sockets: Socket[] }> {
  const { door, count, atOnce, nice } = order
  setPriority(nice)
  const beganMs = performance.now()
  const sockets: Socket[] = []
  let [started, retries, complaint] = [0, 0, '']
  const openOnes = async (): Promise<void> => {
    while (started < count) {
      const localAddress = `127.0.2.${1 + (started % sourceAddresses)}`
      started += 1
      // As our client does it: full jitter up to a limit that doubles.
      const pause = new ReconnectDelay()
      while (performance.now() - beganMs < giveUpMs) {
        const attemptMs = performance.now()
        try {
          sockets.push(await openListener(door, { localAddress, timeoutMs: attemptTimeoutMs }))
          break
        } catch (error) {
          retries += 1
          complaint ||= error instanceof Error ? error.message : String(error)
          await delay(pause.next({ tookMs: performance.now() - attemptMs }))
        }
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, openOnes))
  return { open: sockets.length, retries, seconds: (performance.now() - beganMs) / 1_000, complaint, sockets }
}

const input = createInterface({ input: process.stdin })
input.on('line', (line) => {
  void gather(JSON.parse(line)).then(({ sockets, ...report }) => {
    console.log(JSON.stringify(report))
    return sockets
  })
})
console.log('ready')
await once(input, 'close')
process.exit(0)
