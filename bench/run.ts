import { loadavg } from 'node:os'
import { join } from 'node:path'

import { findCandidates, subjects } from './candidates/all-candidates.ts'
import type { Candidate } from './candidates/candidate.ts'
import { compileLoad } from './load/compile-load.ts'
import { type Workload, workloadTable } from './load/workload-table.ts'
import { measureRepetition } from './measure-repetition.ts'
import { type BenchOptions, readOptions, usage } from './options.ts'
import { findUsageProblem } from './processes/process-usage.ts'
import { runBench } from './processes/run-bench.ts'
import { Measurements } from './report/measurements.ts'
import { writeCarrierResults, writeTunnelResults } from './report/results-file.ts'
import { formatResultsJson } from './report/results-json.ts'
import { formatCarrierSection, formatResultsPage } from './report/results-page.ts'
import { formatTables } from './report/tables.ts'

const benchFolder = import.meta.dirname

/** Seconds of starting, opening, settling and pausing around the windows of one candidate in one repetition. */
const overheadSeconds = 12
/** The run is given up when it takes this many times longer than expected: something hangs. */
const patience = 4

interface Chosen {
  readonly measured: Candidate[]
  readonly skipped: string[]
}

async function main(args: readonly string[]): Promise<void> {
  const options = readOptions(args, join(benchFolder, 'results.md'))
  if (options === 'help') {
    console.log(usage)
    return
  }
  const problem = findUsageProblem()
  if (problem !== undefined) throw new Error(problem)
  const workloads = chooseWorkloads(options)
  const loadBinary = await compileLoad(benchFolder, 'tcpload')
  const { measured, skipped } = await chooseCandidates(options)
  for (const reason of skipped) console.error(`bench: NOT MEASURED: ${reason}`)
  limitTime(options, measured, workloads)
  const loadBefore = loadavg()[0] ?? 0
  const measurements = new Measurements()
  for (let repetition = 1; repetition <= options.repetitions; repetition++) {
    const onProgress = (text: string): void => console.error(`bench: ${repetition}/${options.repetitions} ${text}`)
    await measureRepetition({
      ...options,
      repetition,
      candidates: measured,
      workloads,
      measurements,
      loadBinary,
      onProgress,
    })
  }
  const command = ['npm run bench', ...(args.length > 0 ? ['--'] : []), ...args].join(' ')
  report({ options, command, loadBefore, measured, skipped, workloads, measurements })
  for (const text of measurements.problems) console.error(`bench: PROBLEM: ${text}`)
  process.exitCode = measurements.problems.length > 0 ? 1 : 0
}

interface ReportOptions extends Chosen {
  readonly options: BenchOptions
  readonly command: string
  /** Load average of the minute before the first measurement. */
  readonly loadBefore: number
  readonly workloads: readonly Workload[]
  readonly measurements: Measurements
}

function report(results: ReportOptions): void {
  const { options, measured, workloads, measurements } = results
  const candidates = measured.map(({ name }) => name)
  const tables = formatTables({
    measurements,
    candidates,
    subjects: subjects.filter((subject) => candidates.includes(subject)),
    workloads,
  })
  console.log(options.json ? formatResultsJson(results) : `\n${tables}\n`)
  if (options.resultsFile === undefined) return
  if (options.carriers) writeCarrierResults(options.resultsFile, formatCarrierSection({ ...results, tables }))
  else writeTunnelResults(options.resultsFile, formatResultsPage({ ...results, tables }))
  console.error(`bench: wrote ${options.resultsFile}`)
}

function chooseWorkloads({ workloads }: BenchOptions): Workload[] {
  const unknown = workloads.find((name) => !workloadTable.some((workload) => workload.name === name))
  if (unknown !== undefined) {
    throw new Error(`There is no workload '${unknown}' (known: ${workloadTable.map(({ name }) => name).join(', ')}).`)
  }
  return workloadTable.filter(({ name }) => workloads.length === 0 || workloads.includes(name))
}

async function chooseCandidates(options: BenchOptions): Promise<Chosen> {
  const all = findCandidates(benchFolder, options.peerFiles)
  const unknown = options.only.find((name) => !all.some((candidate) => candidate.name === name))
  if (unknown !== undefined) {
    throw new Error(`There is no candidate '${unknown}' (known: ${all.map(({ name }) => name).join(', ')}).`)
  }
  const chosen: Chosen = { measured: [], skipped: [] }
  for (const candidate of all) {
    const isNamed = options.only.includes(candidate.name)
    if (options.only.length > 0 && !isNamed) continue
    if (!isNamed && !candidate.runsByDefault && !options.all) {
      chosen.skipped.push(`${candidate.name}: left out by default (--all or --only ${candidate.name} measures it)`)
      continue
    }
    const reason = await candidate.prepare()
    if (reason === undefined) chosen.measured.push(candidate)
    else chosen.skipped.push(`${candidate.name}: ${reason}`)
  }
  if (chosen.measured.length === 0) throw new Error(`Nothing can be measured: ${chosen.skipped.join('; ')}.`)
  return chosen
}

/** Says how long it takes, and ends the program when that was far too little: no benchmark runs for ever. */
function limitTime(options: BenchOptions, measured: readonly Candidate[], workloads: readonly Workload[]): void {
  const perCandidate = overheadSeconds + (workloads.length + 1) * (options.seconds + options.warmupSeconds)
  const expectedSeconds = Math.round(options.repetitions * measured.length * perCandidate)
  console.error(
    `bench: ${measured.map(({ name }) => name).join(', ')}; ${options.repetitions} repetitions, about ${expectedSeconds} s`,
  )
  const timer = setTimeout(
    () => {
      console.error(`bench: gave up after ${patience} times the expected time`)
      process.exit(1)
    },
    expectedSeconds * patience * 1_000,
  )
  timer.unref()
}

await runBench(main)
