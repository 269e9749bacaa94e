// Hours of use: `npm run test:long`, shorter by POSTERN_SOAK_MINUTES. What grows by itself shows in the curve.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { ChaosYard } from '../chaos/chaos-yard.ts'
import { expectHoldings, restingHoldings } from '../chaos/leftovers.ts'
import { chaosSeed } from '../chaos/random.ts'
import type { SupervisedProgram } from '../chaos/supervised-program.ts'
import { TunnelClients } from '../chaos/tunnel-clients.ts'
import { residentBytes } from '../system/process-facts.ts'

const mib = 1_048_576
const minutes = Number(process.env['POSTERN_SOAK_MINUTES'] ?? 180)

/** File that gets the curve as CSV, for a picture; the test itself prints some of its points. */
const curveFile = process.env['POSTERN_SOAK_CURVE']

/** Points of the curve that are printed. */
const printedPoints = 12

/** Enough points for a short soak, few enough for a long one. */
const sampleEveryMs = Math.max(1_000, Math.min(60_000, (minutes * 60_000) / 240))

/**
 * V8 lets its heap breathe, and so does the allocator below it: medians differ by this much without a leak. Three hours
 * are about 90,000 connections, half of them between the medians: a leak of 600 bytes for each is found.
 */
const maxGrowth = { share: 0.15, bytes: 24 * mib }

/** Memory of every process at one moment. */
interface Sample {
  readonly atMs: number
  readonly resident: readonly number[]
}

test(`${minutes} minutes of connections cost no memory, and none of them fails`, async () => {
  const seed = chaosSeed()
  console.log(`POSTERN_CHAOS_SEED=${seed}`)
  await using yard = await ChaosYard.start()
  const before = await restingHoldings(yard)
  const clients = new TunnelClients({ port: yard.port, seed, keepsAll: false })
  await using load = clients.program
  await load.start()

  const samples = await sampleFor(minutes * 60_000, yard.programs)
  await clients.pause()
  const { connections, bytes } = clients.totals
  console.log(`${connections} connections, ${(bytes / mib).toFixed(0)} MiB`)
  await report(yard.programs, samples)

  assert.deepEqual(clients.reports, [], 'connections that failed although nobody was killed')
  assert.deepEqual([...yard.unexpectedEnds, ...load.unexpectedEnds], [])
  checkGrowth(yard.programs, samples)
  await expectHoldings(yard, before)
})

async function sampleFor(durationMs: number, programs: readonly SupervisedProgram[]): Promise<Sample[]> {
  const samples: Sample[] = []
  const startedAt = performance.now()
  for (let elapsedMs = 0; elapsedMs < durationMs; elapsedMs = performance.now() - startedAt) {
    samples.push({ atMs: elapsedMs, resident: programs.map(({ pid }) => residentBytes(pid)) })
    await wait(sampleEveryMs)
  }
  return samples
}

/** The last quarter beside the second one: in the first, caches fill and code is compiled. */
function checkGrowth(programs: readonly SupervisedProgram[], samples: readonly Sample[]): void {
  const quarter = Math.floor(samples.length / 4)
  for (const [index, { name }] of programs.entries()) {
    const early = medianOf(samples.slice(quarter, 2 * quarter), index)
    const late = medianOf(samples.slice(-quarter), index)
    const limit = early + Math.max(maxGrowth.bytes, early * maxGrowth.share)
    assert.ok(late <= limit, `${name} grew from ${(early / mib).toFixed(0)} to ${(late / mib).toFixed(0)} MiB`)
  }
}

function medianOf(samples: readonly Sample[], index: number): number {
  const values = samples.map(({ resident }) => resident[index] ?? 0).toSorted((a, b) => a - b)
  return values[Math.floor(values.length / 2)] ?? 0
}

async function report(programs: readonly SupervisedProgram[], samples: readonly Sample[]): Promise<void> {
  const header = ['minutes', ...programs.map(({ name }) => name)]
  const rows = samples.map(({ atMs, resident }) => [
    (atMs / 60_000).toFixed(1),
    ...resident.map((bytes) => (bytes / mib).toFixed(1)),
  ])
  if (curveFile) await writeFile(curveFile, [header, ...rows].map((row) => `${row.join(',')}\n`).join(''))
  const step = Math.max(1, Math.floor(rows.length / printedPoints))
  console.log(`MiB in RAM: ${header.join(' | ')}`)
  for (const row of rows.filter((_, index) => index % step === 0)) console.log(row.join(' | '))
}
