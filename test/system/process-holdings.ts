import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { ObservedProgram } from './observed-program.ts'
import { openFiles } from './process-facts.ts'

type Programs = Readonly<Record<string, ObservedProgram>>

/** What programs had open at one moment, and how much memory their objects took. */
export interface Holdings {
  /** Open files and active resources by program. */
  readonly handles: Readonly<Record<string, { readonly files: number; readonly resources: object }>>
  /** JavaScript heap and what it holds outside, by program, bytes, after a garbage collection. */
  readonly heapBytes: Readonly<Record<string, number>>
}

/** Handles are closed a moment after the last byte has passed. */
const settleTimeoutMs = 15_000
const betweenLooksMs = 100

/** Looks until nothing changes any more: a socket may still be closing. */
export async function measureHoldings(programs: Programs): Promise<Holdings> {
  let last = await lookOnce(programs)
  for (let equal = 0; equal < 3; ) {
    await wait(betweenLooksMs)
    const next = await lookOnce(programs)
    equal = sameHandles(last, next) ? equal + 1 : 0
    last = next
  }
  return last
}

/** Waits until the programs hold no other handles than before, and not noticeably more memory. */
export async function expectHoldings(context: TestContext, programs: Programs, before: Holdings): Promise<void> {
  const deadline = Date.now() + settleTimeoutMs
  let after = await lookOnce(programs)
  while (!sameHandles(after, before) && Date.now() < deadline) {
    await wait(betweenLooksMs)
    after = await lookOnce(programs)
  }
  assert.deepEqual(after.handles, before.handles)
  for (const name of Object.keys(programs)) {
    const [was = 0, is = 0] = [before.heapBytes[name], after.heapBytes[name]]
    context.diagnostic(`${name}: heap was ${toMib(was)}, is ${toMib(is)} MiB`)
    assert.ok(is < was + toleratedBytes, `${name} holds ${is - was} bytes more than before`)
  }
}

async function lookOnce(programs: Programs): Promise<Holdings> {
  const handles: Record<string, { files: number; resources: object }> = {}
  const heapBytes: Record<string, number> = {}
  for (const [name, program] of Object.entries(programs)) {
    const { heapUsed, external, resources } = await program.insides()
    handles[name] = { files: openFiles(program.pid), resources }
    heapBytes[name] = heapUsed + external
  }
  return { handles, heapBytes }
}

function sameHandles(a: Holdings, b: Holdings): boolean {
  return JSON.stringify(a.handles) === JSON.stringify(b.handles)
}

/** Compiled code, caches and counters settle; 2,000 forgotten connections would be ten times as much. */
const toleratedBytes = 4_194_304

function toMib(bytes: number): string {
  return (bytes / 1_048_576).toFixed(1)
}
