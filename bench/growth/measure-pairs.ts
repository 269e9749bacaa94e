import { readdirSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

import type { Candidate, RunningCandidate } from '../candidates/candidate.ts'
import type { Counted } from '../load/sample.ts'
import { startLoad } from '../load/start-load.ts'
import type { Workload } from '../load/workload-table.ts'
import { readPssBytes } from '../processes/process-usage.ts'

/** How pairs are measured. */
export interface PairOptions {
  readonly loadBinary: string
  /** Of each probe beside the idle pairs. */
  readonly seconds: number
}

/** One candidate with so many idle pairs, once. A pair is a connection of a client and what the tunnel needs for it. */
export interface PairSample {
  readonly candidate: string
  readonly wanted: number
  readonly open: number
  readonly openedPerSecond: number
  /** Connect, 128 bytes there and back, close: one after the other, beside the idle pairs. */
  readonly connectP50Us: number | undefined
  readonly connectP99Us: number | undefined
  /** One stream, 128 bytes, beside the idle pairs. */
  readonly pingP50Us: number | undefined
  readonly pingP99Us: number | undefined
  /** Proportional set size of all processes. */
  readonly bytesPerPair: number
  /** Of the process called relay alone, if there is one, as is the next. */
  readonly relayBytesPerPair: number | undefined
  /** Files that it has open with the pairs: its sockets, and a few more. */
  readonly relayFiles: number | undefined
  /** Why not all could be opened, or a probe got no answer; empty when all is well. */
  readonly complaint: string
}

/** Both loads, that of the idle pairs and that of the probe, send as much: one target answers both. */
const messageBytes = 128
/** Bring code and first buffers into memory, and the compiler to what a probe runs. */
const warmupPairs = 32
const warmupSeconds = 1.5
/** Lets buffers drain and garbage of the opening settle before memory is read. */
const settleMs = 1_000
/** Opening, probes, and what a slow machine adds: after that the load ends by itself. */
const holdSeconds = 180

/** Starts the candidate afresh, opens the pairs and probes beside them. @throws {Error} when not one could be opened. */
export async function measurePairs(candidate: Candidate, wanted: number, options: PairOptions): Promise<PairSample> {
  const running = await candidate.start()
  try {
    await holdPairs(running, warmupPairs, options, async () => {
      for (const mode of ['connect', 'ping'] as const)
        await probe(mode, running, { ...options, seconds: warmupSeconds })
    })
    await delay(settleMs)
    const before = readMemory(running)
    return await holdPairs(running, wanted, options, async ({ open, errors, openingSeconds, complaint }) => {
      await delay(settleMs)
      const after = readMemory(running)
      const [connect, ping] = [await probe('connect', running, options), await probe('ping', running, options)]
      const { relay } = after
      const failures = [
        ...(open === wanted
          ? []
          : [`only ${open} were open: ${complaint || `${errors} failed, the others took too long`}`]),
        ...(connect.operations === 0 ? [`no new connection in ${options.seconds} s`] : []),
        ...(ping.operations === 0 ? [`no ping-pong in ${options.seconds} s`] : []),
      ]
      return {
        ...{ candidate: candidate.name, wanted, open, openedPerSecond: open / openingSeconds },
        ...(connect.operations > 0
          ? { connectP50Us: connect.p50Us, connectP99Us: connect.p99Us }
          : { connectP50Us: undefined, connectP99Us: undefined }),
        ...(ping.operations > 0
          ? { pingP50Us: ping.p50Us, pingP99Us: ping.p99Us }
          : { pingP50Us: undefined, pingP99Us: undefined }),
        bytesPerPair: (after.all - before.all) / open,
        relayBytesPerPair: relay === undefined ? undefined : (relay - (before.relay ?? 0)) / open,
        relayFiles: countFiles(running),
        complaint: failures.join('; '),
      }
    })
  } finally {
    await running.stop()
  }
}

interface Held {
  readonly open: number
  readonly errors: number
  readonly openingSeconds: number
  readonly complaint: string
}

async function holdPairs<Result>(
  running: RunningCandidate,
  pairs: number,
  { loadBinary }: PairOptions,
  whileHeld: (held: Held) => Promise<Result>,
): Promise<Result> {
  const load = startLoad(workloadOf('idle', pairs), running, toLoadOptions(loadBinary, holdSeconds))
  try {
    const line: { open: number; errors: number; openingSeconds: number } = JSON.parse(await load.nextLine())
    if (line.open === 0) throw new Error(`no pair could be opened: ${load.complaints || 'silence'}`)
    const result = await whileHeld({ ...line, complaint: load.complaints })
    await load.finish()
    return result
  } finally {
    load.kill()
  }
}

async function probe(
  mode: 'connect' | 'ping',
  running: RunningCandidate,
  { loadBinary, seconds }: PairOptions,
): Promise<Counted> {
  const options = { ...toLoadOptions(loadBinary, seconds), isClientOnly: true }
  const load = startLoad(workloadOf(mode, 1), running, options)
  try {
    await load.expectLine('START')
    await load.expectLine('END')
    const result: Counted = JSON.parse(await load.nextLine())
    await load.finish()
    return result
  } finally {
    load.kill()
  }
}

function toLoadOptions(loadBinary: string, seconds: number): Parameters<typeof startLoad>[2] {
  return { loadBinary, seconds, warmupSeconds: 0.3, idleConnections: 0, messageBytes }
}

function workloadOf(mode: 'idle' | 'connect' | 'ping', connections: number): Workload {
  return { name: mode, title: mode, mode, connections, metrics: [] }
}

function readMemory({ counted }: RunningCandidate): { readonly all: number; readonly relay: number | undefined } {
  const all = readPssBytes(counted.map(({ pid }) => pid))
  if (all === undefined) throw new Error('memory of the processes cannot be read')
  const relay = counted.find(({ name }) => name === 'relay')
  return { all, relay: relay && readPssBytes([relay.pid]) }
}

function countFiles({ counted }: RunningCandidate): number | undefined {
  const relay = counted.find(({ name }) => name === 'relay')
  return relay && readdirSync(`/proc/${relay.pid}/fd`).length
}
