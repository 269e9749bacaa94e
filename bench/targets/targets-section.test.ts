import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { findCandidates } from '../candidates/all-candidates.ts'
import { type MetricName, workloadTable } from '../load/workload-table.ts'
import { type RunDocument, readRunDocument } from './run-document.ts'
import { type Target, targetTable } from './target-table.ts'
import { formatTargetsSection } from './targets-section.ts'

type Numbers = Readonly<Record<string, Readonly<Record<string, number>>>>

/** A run that says of each candidate one number for each row. */
function runOf(metric: MetricName, numbers: Numbers): RunDocument {
  const candidates = Object.entries(numbers).map(([name, rows]) => ({
    name,
    workloads: Object.entries(rows).map(([row, median]) => ({ name: row, metrics: { [metric]: { median } } })),
  }))
  return { machine: '2 cores', command: 'npm run bench -- --json', candidates, problems: [] }
}

/** The cells of the only row. */
function cellsOf(target: Target, runs: readonly RunDocument[]): readonly string[] {
  const section = formatTargetsSection([{ title: 'all', targets: [target] }], runs)
  return (section.trim().split('\n').at(-1) ?? '')
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())
}

const bulk: Target = {
  what: 'bulk',
  row: 'up',
  metric: 'megabytesPerSecond',
  ours: ['bridge', 'hcm'],
  others: ['slow', 'fast'],
  wantedFactor: 1.5,
}

test('the better of ours is compared with the best of the others, run by run', () => {
  const runs = [
    runOf('megabytesPerSecond', { bridge: { up: 900 }, hcm: { up: 1200 }, slow: { up: 100 }, fast: { up: 600 } }),
    runOf('megabytesPerSecond', { bridge: { up: 700 }, hcm: { up: 650 }, slow: { up: 550 }, fast: { up: 500 } }),
  ]
  assert.deepEqual(cellsOf(bulk, runs), [
    'bulk, MB/s (`up`)',
    '1.5x',
    '1,200 / 700',
    '600 / 550, fast, slow',
    '2.00x / 1.27x',
    'met in 1 of 2 runs',
    '`npm run bench -- --peers bench/peers.example.json --rows up --only hcm,bridge,fast,slow`',
  ])
})

test('where less is better, the least is the best and the ratio turns round', () => {
  const target: Target = { ...bulk, what: 'ping', row: 'ping', metric: 'p50Microseconds', wantedFactor: 0.8 }
  const run = runOf('p50Microseconds', {
    bridge: { ping: 250 },
    hcm: { ping: 400 },
    slow: { ping: 900 },
    fast: { ping: 150 },
  })
  assert.deepEqual(cellsOf(target, [run]).slice(2, 6), ['250', '150, fast', '0.60x', 'not met'])
})

test('what may be so much at most is compared with that, and told beside the others', () => {
  const target: Target = {
    ...{ what: 'loaded divided by idle', row: 'ping-bulk', dividedBy: 'ping-16', metric: 'p99Microseconds' },
    ...{ ours: ['bridge'], others: ['fast'], wantedMost: 3 },
  }
  const run = runOf('p99Microseconds', {
    bridge: { 'ping-bulk': 500, 'ping-16': 200 },
    fast: { 'ping-bulk': 1000, 'ping-16': 100 },
  })
  assert.deepEqual(cellsOf(target, [run]).slice(0, 6), [
    'loaded divided by idle (`ping-bulk`, `ping-16`)',
    ...['at most 3', '2.5', '10.0, fast', '4.00x', 'met'],
  ])
})

test('what was not measured, or moved nothing, is a dash and met by nobody', () => {
  const run = runOf('megabytesPerSecond', { bridge: { up: 900 }, fast: { up: 0 } })
  assert.deepEqual(cellsOf(bulk, [run]).slice(2, 6), ['900', '-', '-', 'not measured'])
  const { wantedFactor: _, ...unpromised } = bulk
  assert.deepEqual(cellsOf(unpromised, [run]).slice(1, 6), ['-', '900', '-', '-', '-'])
})

test('the table names rows, metrics and candidates that there are', () => {
  const candidates = findCandidates(join(import.meta.dirname, '..'), { peerFiles: undefined, furtherPeerFiles: [] })
  const names = new Set(candidates.map(({ name }) => name))
  for (const { ours, others, row, dividedBy, metric } of targetTable.flatMap(({ targets }) => targets)) {
    for (const name of [...ours, ...others]) assert.ok(names.has(name), name)
    for (const name of [row, dividedBy ?? row]) {
      const workload = workloadTable.find((one) => one.name === name)
      assert.ok(workload?.metrics.includes(metric), `${name} ${metric}`)
    }
  }
})

test('a file that is no document of a run is refused by its name', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-targets-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'run.json')
  for (const text of ['bench: up', '{"samples":[]}', 'null']) {
    writeFileSync(file, text)
    assert.throws(() => readRunDocument(file), { message: `${file} is not what npm run bench -- --json prints.` })
  }
})
