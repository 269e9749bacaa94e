import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import type { Candidate, ListenerDoor, RunningCandidate } from '../candidates/candidate.ts'
import { LoadProcess } from '../load/load-process.ts'
import type { Counted } from '../load/sample.ts'
import { startLoad } from '../load/start-load.ts'
import { readCpuSeconds, readPssBytes } from '../processes/process-usage.ts'
import type { CrowdOrder, CrowdReport } from './listener-crowd-program.ts'

/** How a storm is made. */
export interface StormOptions {
  readonly loadBinary: string
  readonly listeners: number
  /** Streams of the ping-pong that runs beside it. */
  readonly streams: number
  /** Of the window before the storm. */
  readonly seconds: number
  /** Listeners that dial at the same moment; the next one dials when one of them is there. */
  readonly atOnce: number
  /** Priority of those who come again, as of nice(1). */
  readonly nice: number
}

/** One storm at one candidate. */
export interface StormSample {
  readonly candidate: string
  readonly wanted: number
  readonly open: number
  /** From the first dial to the last listener that is there again. */
  readonly seconds: number
  /** Attempts that failed and were made again. */
  readonly retries: number
  /** Of the relay, over the storm. */
  readonly relayCpuSeconds: number
  readonly relayBytes: number
  readonly before: PingTimes
  /** The seconds in which all sockets end. */
  readonly cut: PingTimes
  /** While the listeners come again. */
  readonly during: PingTimes
  /** Why the first attempt that failed did. */
  readonly complaint: string
}

/** Ping-pong through the whole tunnel. */
export interface PingTimes {
  readonly p50Us: number
  readonly p99Us: number
  readonly p999Us: number
  readonly roundTrips: number
}

/** The longest storm that is waited for. */
const stormLimitSeconds = 270
const warmupSeconds = 2
/** Traffic that leaves the machine room for the storm: one that begins as soon as the last answer is there would take all of it. */
export const everyMs = 10
const settleMs = 2_000
/** All sockets of a killed process end at once: the relay is through with it in less. */
export const cutSeconds = 4
/** The first crowd comes in good order: only the second one is a storm. */
const politelyAtOnce = 16

/** Lets the listeners register, cuts all of them at once and lets as many new ones come at once. @throws {Error} when the candidate has no relay of ours. */
export async function measureStorm(candidate: Candidate, options: StormOptions): Promise<StormSample> {
  const { listeners } = options
  const running = await candidate.start()
  const crowds: LoadProcess[] = []
  try {
    const { listenerDoor } = running
    if (listenerDoor === undefined) throw new Error(`${candidate.name} has no relay of ours`)
    const first = await startCrowd(crowds)
    const gathered = await gather(first, {
      door: doorOf(listenerDoor),
      count: listeners,
      atOnce: politelyAtOnce,
      nice: 0,
    })
    if (gathered.open < listeners) throw new Error(`only ${gathered.open} listeners came: ${gathered.complaint}`)
    const second = await startCrowd(crowds)
    await delay(settleMs)
    const before = await ping(running, options)
    return {
      candidate: candidate.name,
      wanted: listeners,
      before,
      ...(await storm(running, listenerDoor, { ...options, first, second })),
    }
  } finally {
    for (const crowd of crowds) crowd.kill()
    await running.stop()
  }
}

async function storm(
  running: RunningCandidate,
  door: ListenerDoor,
  options: StormOptions & { readonly first: LoadProcess; readonly second: LoadProcess },
): Promise<Omit<StormSample, 'candidate' | 'wanted' | 'before'>> {
  const { first, second, listeners, atOnce, nice } = options
  const cut = await ping(running, { ...options, seconds: cutSeconds }, () => first.kill())
  const load = startPing(running, options, stormLimitSeconds)
  try {
    await load.expectLine('START')
    const cpuBefore = readCpuSeconds([door.relay.pid])
    const beganMs = performance.now()
    const { open, retries, complaint } = await gather(second, {
      door: doorOf(door),
      count: listeners,
      atOnce,
      nice,
    })
    const seconds = (performance.now() - beganMs) / 1_000
    load.endWindow()
    await load.expectLine('END')
    const relayCpuSeconds = readCpuSeconds([door.relay.pid]) - cpuBefore
    const during = toTimes(JSON.parse(await load.nextLine()))
    await load.finish()
    const relayBytes = readPssBytes([door.relay.pid]) ?? 0
    return { open, retries, complaint, seconds, relayCpuSeconds, relayBytes, cut, during }
  } finally {
    load.kill()
  }
}

async function ping(running: RunningCandidate, options: StormOptions, onStart = (): void => {}): Promise<PingTimes> {
  const load = startPing(running, options, options.seconds)
  try {
    await load.expectLine('START')
    onStart()
    await load.expectLine('END')
    const result: Counted = JSON.parse(await load.nextLine())
    await load.finish()
    return toTimes(result)
  } finally {
    load.kill()
  }
}

function startPing(running: RunningCandidate, { loadBinary, streams }: StormOptions, seconds: number): LoadProcess {
  const workload = { name: 'ping', title: 'ping', mode: 'ping', connections: streams, metrics: [] } as const
  return startLoad(workload, running, { loadBinary, seconds, warmupSeconds, idleConnections: 0, everyMs })
}

function toTimes({ p50Us, p99Us, p999Us, operations, errors }: Counted): PingTimes {
  if (errors > 0) throw new Error(`${errors} connections of the running traffic were lost`)
  if (operations === 0) throw new Error('the running traffic got no answer')
  return { p50Us, p99Us, p999Us, roundTrips: operations }
}

function doorOf({ host, port, ca, access }: ListenerDoor): CrowdOrder['door'] {
  return { host, port, ca, access }
}

async function startCrowd(crowds: LoadProcess[]): Promise<LoadProcess> {
  const program = join(import.meta.dirname, 'listener-crowd-program.ts')
  const args = ['--conditions=@postern/source', program]
  const crowd = new LoadProcess({ binary: process.execPath, args, plannedSeconds: 2 * stormLimitSeconds })
  crowds.push(crowd)
  await crowd.expectLine('ready')
  return crowd
}

async function gather(crowd: LoadProcess, order: CrowdOrder): Promise<CrowdReport> {
  crowd.tell(JSON.stringify(order))
  return JSON.parse(await crowd.nextLine())
}
