import { loadavg } from 'node:os'
import { join } from 'node:path'

import { subjects } from './candidates/all-candidates.ts'
import type { Candidate } from './candidates/candidate.ts'
import { type ChosenCandidates, chooseCandidates } from './candidates/choose-candidates.ts'
import { compileLoad } from './load/compile-load.ts'
import { chooseWorkloads, type Workload, warmupRunSeconds, warmupsFor } from './load/workload-table.ts'
import { measureRepetition } from './measure-repetition.ts'
import { type BenchOptions, readOptions, usage } from './options.ts'
import { useCongestionControl } from './processes/congestion-control.ts'
import { findProgram } from './processes/find-program.ts'
import { findUsageProblem } from './processes/process-usage.ts'
import { ProfileFolder } from './processes/profile-folder.ts'
import { raiseFileLimit } from './processes/raise-file-limit.ts'
import { runBench } from './processes/run-bench.ts'
import { Measurements } from './report/measurements.ts'
import { repeatableCommand } from './report/repeatable-command.ts'
import { writeCarrierResults, writeTunnelResults } from './report/results-file.ts'
import { formatResultsJson } from './report/results-json.ts'
import { formatCarrierSection, formatResultsPage } from './report/results-page.ts'
import { formatTables } from './report/tables.ts'

const benchFolder = import.meta.dirname

/** Seconds of starting, opening, settling and pausing around the windows of one candidate in one repetition. */
const overheadSeconds = 12
/** The run is given up when it takes this many times longer than expected: something hangs. */
const patience = 4
/** Opening, settling and closing of that many idle connections or listeners in a row of its own. */
const secondsPerThousandIdle = 4

async function main(args: readonly string[]): Promise<void> {
  const options = readOptions(args, join(benchFolder, 'results.md'))
  if (options === 'help') {
    console.log(usage)
    return
  }
  const problem = findUsageProblem()
  if (problem !== undefined) throw new Error(problem)
  if (options.congestion !== undefined) useCongestionControl(options.congestion)
  const fileLimit = raiseFileLimit()
  const workloads = chooseWorkloads(options.rows)
  const loadBinary = await compileLoad(benchFolder, 'tcpload')
  const profiles = options.profileFolder === undefined ? undefined : ProfileFolder.open(options.profileFolder)
  const wrk = findProgram('wrk')
  const { measured, skipped } = await chooseCandidates(benchFolder, options, workloads)
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
      wrk,
      onProgress,
    })
  }
  const command = repeatableCommand('bench', args)
  report({ options, command, loadBefore, fileLimit, wrk, measured, skipped, workloads, measurements })
  for (const text of profiles?.summaries() ?? []) console.error(text)
  for (const text of measurements.problems) console.error(`bench: PROBLEM: ${text}`)
  process.exitCode = measurements.problems.length > 0 ? 1 : 0
}

interface ReportOptions extends ChosenCandidates {
  readonly options: BenchOptions
  readonly command: string
  /** Load average of the minute before the first measurement. */
  readonly loadBefore: number
  /** Files that one process may open. */
  readonly fileLimit: number
  /** Path of wrk, if it is here. */
  readonly wrk: string | undefined
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

/** Says how long it takes, and ends the program when that was far too little: no benchmark runs for ever. */
function limitTime(options: BenchOptions, measured: readonly Candidate[], workloads: readonly Workload[]): void {
  const idle = workloads.reduce((sum, { mode, connections }) => {
    return mode === 'idle' || mode === 'listeners' ? sum + (Number(connections) || 0) : sum
  }, 0)
  const windows =
    workloads.length * (options.seconds + options.warmupSeconds) + warmupsFor(workloads).length * warmupRunSeconds
  const perCandidate = overheadSeconds + windows + (idle / 1_000) * secondsPerThousandIdle
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
