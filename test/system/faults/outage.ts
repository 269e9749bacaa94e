import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { probeTunnel } from '../../chaos/tunnel-probe.ts'
import { WithheldTime } from '../../chaos/withheld-time.ts'
import { cpuSeconds } from '../process-facts.ts'
import type { FaultBed } from './fault-bed.ts'

/** Something breaks, and is mended. */
export interface Outage {
  readonly begin: () => Promise<unknown> | void
  readonly end: () => Promise<unknown> | void
  /** From the beginning to the end. */
  readonly lastsMs: number
  /** Called shortly before the end. */
  readonly meanwhile?: () => Promise<unknown>
}

/** What the issue promises. */
const maxRecoveryMs = 5_000

/** Seven programs share few processors with this one, and what the machine withholds is felt here only in part. */
const roomMs = 2_000

/** What is waited for before the bound is checked: a failure should say how long it took. */
const patienceMs = 40_000

/** Trying again costs something; a loop that does not wait would take a whole processor. */
const maxCpuShare = 0.15

/**
 * Lets something break while applications go on asking, mends it, and fails unless fresh connections work soon afterwards by
 * every way, no program has ended, and none was busy with waiting.
 */
export async function suffer(context: TestContext, bed: FaultBed, outage: Outage): Promise<void> {
  assert.deepEqual(bed.unexpectedEnds, [])
  using withheld = new WithheldTime()
  const before = bed.lasting.map(({ pid }) => ({ pid, cpu: cpuSeconds(pid) }))
  await outage.begin()
  const asking = askNowAndThen(bed, outage.lastsMs)
  await wait(outage.lastsMs)
  await outage.meanwhile?.()
  assert.deepEqual(bed.unexpectedEnds, [])
  const shares = before.map(({ pid, cpu }) => (cpuSeconds(pid) - cpu) / (outage.lastsMs / 1000))
  const withheldBefore = withheld.totalMs
  await outage.end()
  const tookMs = await Promise.all(bed.ways.map((way) => bed.untilWorks(way, patienceMs)))
  const withheldMs = withheld.totalMs - withheldBefore
  await asking
  for (const [index, way] of bed.ways.entries()) context.diagnostic(`${way}: back after ${tookMs[index]} ms`)
  context.diagnostic(`withheld by the machine: ${withheldMs.toFixed(0)} ms`)
  for (const [index, { name }] of bed.lasting.entries()) {
    const share = shares[index] ?? 0
    context.diagnostic(`${name}: ${(share * 100).toFixed(1)} % of a processor while it was broken`)
    assert.ok(share < maxCpuShare, `${name} used ${share} of a processor while it was broken`)
  }
  const bound = maxRecoveryMs + roomMs + 2 * withheldMs
  const said = bed.lasting.map((program) => `${program.name}:\n${program.said}`).join('\n')
  for (const [index, way] of bed.ways.entries()) {
    assert.ok(
      (tookMs[index] ?? 0) < bound,
      `${way}: back after ${tookMs[index]} ms, withheld ${withheldMs} ms\n${said}`,
    )
  }
  assert.deepEqual(bed.unexpectedEnds, [])
  assert.deepEqual(
    bed.lasting.map(({ pid }) => pid),
    before.map(({ pid }) => pid),
  )
}

/** Nobody stops asking because it is in vain: what waits in the network then must not hold up what comes later. */
async function askNowAndThen(bed: FaultBed, lastsMs: number): Promise<void> {
  const asked: Promise<unknown>[] = []
  for (const deadline = Date.now() + lastsMs; Date.now() < deadline; await wait(askEveryMs)) {
    for (const way of bed.ways) asked.push(probeTunnel(bed.door(way), AbortSignal.timeout(askForMs)).catch(() => {}))
  }
  await Promise.all(asked)
}

const askEveryMs = 500
const askForMs = 10_000
