import assert from 'node:assert/strict'
import { openFiles } from '../system/process-facts.ts'
import { type ChaosYard, resumeTimeoutMs } from './chaos-yard.ts'
import type { SupervisedProgram } from './supervised-program.ts'

/** What the processes of a yard hold while nobody uses the tunnel. */
export interface YardHoldings {
  readonly gauges: Readonly<Record<string, number | undefined>>
  /** Open files and, where a process tells, what keeps its event loop alive: sockets, timers. */
  readonly processes: Readonly<Record<string, { readonly files: number; readonly resources: object }>>
}

/** Connections that are over are closed within this; a reader that is slow with its last bytes has 30 s. */
const settleTimeoutMs = 40_000

/** What a killed sender has left at a listener is kept for a while, in case it is resumed. */
const carrierSettleTimeoutMs = settleTimeoutMs + resumeTimeoutMs

/** Carriers that may stay open while nobody uses them: more than one listener, and those of streams that had moved much. */
const maxRestingCarriers = 12

const gaugeNames = ['postern_active_connections', 'postern_pending_offers', 'postern_active_listeners'] as const

/** Longer than a WebSocket's close time-out: what is still there then belongs to an idle yard. */
const restMs = 6_000

/** What a yard holds while nobody uses it: the least that was seen, because every look at it costs a socket too. */
export async function restingHoldings(yard: ChaosYard): Promise<YardHoldings> {
  let found = await readHoldings(yard)
  for (const deadline = Date.now() + restMs; Date.now() < deadline; ) found = least(found, await readHoldings(yard))
  assert.ok(restingCarriers(found) <= mostResting(yard))
  return found
}

async function readHoldings(yard: ChaosYard): Promise<YardHoldings> {
  const processes: Record<string, { files: number; resources: object }> = {}
  for (const program of yard.programs) processes[program.name] = await holdingsOf(program)
  // Afterwards, so that the question for the metrics is not among the relay's sockets.
  const metrics = await yard.metrics()
  const gauges = Object.fromEntries(gaugeNames.map((name) => [name, metrics.get(name)]))
  return { gauges, processes }
}

/** Waits until a yard holds no more than it did before, and fails with the difference when it does not come to that. */
export async function expectHoldings(yard: ChaosYard, before: YardHoldings): Promise<void> {
  const deadline = Date.now() + (yard.carriers === 'auto' ? carrierSettleTimeoutMs : settleTimeoutMs)
  const isLeft = (found: YardHoldings): boolean => {
    const carriers = restingCarriers(found)
    // Each has a socket at both ends, and two at the relay.
    return carriers > mostResting(yard) || isMore(found, before, yard.carriers === 'auto' ? 2 * carriers : 0)
  }
  let after = await readHoldings(yard)
  while (isLeft(after) && Date.now() < deadline) after = await readHoldings(yard)
  if (isLeft(after)) assert.deepEqual(after, before, 'something is left behind')
  if (yard.carriers === 'off') assert.deepEqual(after.gauges, before.gauges)
}

function restingCarriers({ gauges }: YardHoldings): number {
  return gauges['postern_active_connections'] ?? 0
}

function mostResting({ carriers }: ChaosYard): number {
  return carriers === 'auto' ? maxRestingCarriers : 0
}

/** True when some number is greater by more than `spare`, or new. */
function isMore(after: object, before: object, spare: number): boolean {
  const known = new Map<string, unknown>(Object.entries(before))
  return Object.entries(after).some(([name, value]) => {
    const old = known.get(name)
    if (typeof value === 'object') return isMore(value, typeof old === 'object' && old !== null ? old : {}, spare)
    return value > (typeof old === 'number' ? old : 0) + spare
  })
}

/** Number by number, the smaller one; what is not in both is zero in one. */
function least<T extends object>(one: T, other: T): T {
  const others = new Map<string, unknown>(Object.entries(other))
  const both = Object.entries(one).filter(([name]) => others.has(name))
  return Object.fromEntries(
    both.map(([name, value]) => {
      const second = others.get(name)
      return [name, typeof value === 'object' ? least(value, second as object) : Math.min(value, Number(second))]
    }),
  ) as T
}

async function holdingsOf(program: SupervisedProgram): Promise<{ files: number; resources: object }> {
  const { resources } = await program.insides()
  return { files: openFiles(program.pid), resources }
}
