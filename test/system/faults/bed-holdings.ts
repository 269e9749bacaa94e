import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { openFiles } from '../process-facts.ts'
import type { FaultBed } from './fault-bed.ts'

/** What one program holds. */
interface ProgramHoldings {
  readonly files: number
  /** Sockets, timers and the like that keep it awake. */
  readonly resources: number
  /** JavaScript's memory after a garbage collection, bytes. */
  readonly heapBytes: number
}

/** What the programs of a bed hold, by name. */
export type BedHoldings = Readonly<Record<string, ProgramHoldings>>

/** Carriers that wait for the next connection, with their timers. Each outage makes dozens of attempts: a leak would be more. */
const warm = { files: 8, resources: 16 } as const

/** Compiled code and caches, and the 8 MiB of free blocks that carriers keep for the next bulk. */
const toleratedBytes = 16_777_216

/** Old connections may take a while to be given up. */
const settleMs = 40_000

const mib = 1_048_576

/** Looks at all programs but the relay. */
async function holdingsOf(bed: FaultBed): Promise<BedHoldings> {
  const all: Record<string, ProgramHoldings> = {}
  for (const program of bed.lasting) {
    const { heapUsed, external, resources } = await program.insides()
    const count = Object.values(resources).reduce((sum, each) => sum + each, 0)
    all[program.name] = { files: openFiles(program.pid), resources: count, heapBytes: heapUsed + external }
  }
  return all
}

/** What they hold at rest: as soon as it has stopped falling, since what was tried until all was up is still being given up. */
export async function restOf(bed: FaultBed): Promise<BedHoldings> {
  const deadline = Date.now() + settleMs
  for (let last = await holdingsOf(bed); ; ) {
    await wait(1_000)
    const next = await holdingsOf(bed)
    const isFalling = Object.entries(next).some(([name, { files }]) => files < (last[name]?.files ?? 0))
    if (!isFalling || Date.now() > deadline) return next
    last = next
  }
}

/** Waits until the programs hold hardly more than before. */
export async function expectNoLeak(context: TestContext, bed: FaultBed, before: BedHoldings): Promise<void> {
  const deadline = Date.now() + settleMs
  for (;;) {
    const now = await holdingsOf(bed)
    const more = Object.entries(now).filter(([name, held]) => isMore(held, before[name]))
    if (more.length > 0 && Date.now() < deadline) {
      await wait(500)
      continue
    }
    for (const [name, { files, resources, heapBytes }] of Object.entries(now)) {
      const was = before[name]
      context.diagnostic(
        `${name}: ${was?.files} files, now ${files}; ${was?.resources} resources, now ${resources}; ${toMib(was?.heapBytes)} MiB, now ${toMib(heapBytes)}`,
      )
    }
    if (more.length > 0) assert.deepEqual(now, before)
    return
  }
}

function isMore(held: ProgramHoldings, before: ProgramHoldings = { files: 0, resources: 0, heapBytes: 0 }): boolean {
  return (
    held.files > before.files + warm.files ||
    held.resources > before.resources + warm.resources ||
    held.heapBytes > before.heapBytes + toleratedBytes
  )
}

function toMib(bytes = 0): string {
  return (bytes / mib).toFixed(1)
}
