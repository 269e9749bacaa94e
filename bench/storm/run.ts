import { loadavg } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'

import type { Candidate } from '../candidates/candidate.ts'
import { chooseCandidates } from '../candidates/choose-candidates.ts'
import { compileLoad } from '../load/compile-load.ts'
import { chooseWorkloads } from '../load/workload-table.ts'
import { readNumber, splitNames } from '../option-values.ts'
import { useCongestionControl } from '../processes/congestion-control.ts'
import { findUsageProblem } from '../processes/process-usage.ts'
import { ProfileFolder } from '../processes/profile-folder.ts'
import { raiseFileLimit } from '../processes/raise-file-limit.ts'
import { runBench } from '../processes/run-bench.ts'
import { repeatableCommand } from '../report/repeatable-command.ts'
import { writeStormResults } from '../report/results-file.ts'
import { measureStorm, type StormOptions, type StormSample } from './measure-storm.ts'
import { formatStormSection } from './storm-report.ts'

const usage = `usage: npm run bench:storm -- [options]

Cuts all listeners of a relay at once and lets as many dial again as fast as they can, while traffic runs through the relay.

  --listeners N      listeners (default 10000)
  --streams N        streams of the ping-pong beside them (default 4)
  --at-once N        listeners that dial at the same moment (default 1000); too many for this machine fail at the relay's deadline for handshakes
  --nice N           priority of the listeners' process, as of nice(1), 0 to 19 (default 5); 0 on a machine where much else runs
  --seconds N        measured before the storm (default 5)
  --repetitions N    how often everything is measured (default 3)
  --only NAME        candidates with a relay of ours, separated by commas (default postern,postern-plain)
  --congestion NAME  TCP's congestion control during the run, such as cubic or bbr (default: that of this machine); takes root
  --cpu-prof FOLDER  write a CPU profile of each of our processes, and print where the time went
  --json             print one JSON document with every sample
  --results FILE     write the section into FILE (default bench/results.md for a full run)
  --help             print this text

examples:
  npm run bench:storm                                                    everything, about five minutes
  npm run bench:storm -- --listeners 1000 --repetitions 1 --only postern    a small one
`

const benchFolder = dirname(import.meta.dirname)

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      listeners: { type: 'string' },
      streams: { type: 'string', default: '4' },
      seconds: { type: 'string', default: '5' },
      nice: { type: 'string', default: '5' },
      'at-once': { type: 'string', default: '1000' },
      repetitions: { type: 'string', default: '3' },
      only: { type: 'string' },
      congestion: { type: 'string' },
      'cpu-prof': { type: 'string' },
      json: { type: 'boolean', default: false },
      results: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(usage)
  const problem = findUsageProblem()
  if (problem !== undefined) throw new Error(problem)
  if (values.congestion !== undefined) useCongestionControl(values.congestion)
  const fileLimit = raiseFileLimit()
  const loadBefore = loadavg()[0] ?? 0
  const loadBinary = await compileLoad(benchFolder, 'tcpload')
  const profiles = values['cpu-prof'] === undefined ? undefined : ProfileFolder.open(values['cpu-prof'])
  const plan: StormPlan = {
    loadBinary,
    listeners: readNumber('--listeners', values.listeners ?? '10000', { least: 1 }),
    streams: readNumber('--streams', values.streams, { least: 1 }),
    atOnce: readNumber('--at-once', values['at-once'], { least: 1 }),
    nice: readNumber('--nice', values.nice, { least: 0, most: 19 }),
    seconds: readNumber('--seconds', values.seconds, { least: 0.1 }),
    repetitions: readNumber('--repetitions', values.repetitions, { least: 1 }),
  }
  const wish = { only: splitNames(values.only ?? 'postern,postern-plain'), peersFile: undefined }
  const { measured } = await chooseCandidates(benchFolder, wish, chooseWorkloads(['idle']))
  const { samples, problems } = await measureAll(measured, plan)
  const command = repeatableCommand('bench:storm', args)
  const report = { command, loadBefore, fileLimit, ...plan, samples, problems }
  const section = formatStormSection(report)
  console.log(values.json ? JSON.stringify(report, null, 2) : section)
  for (const text of profiles?.summaries() ?? []) console.error(text)
  for (const text of problems) console.error(`bench: PROBLEM: ${text}`)
  process.exitCode = problems.length > 0 ? 1 : 0
  const { listeners, only, congestion } = values
  const isUsual = [listeners, only, congestion, profiles].every((value) => value === undefined)
  const file = values.results ?? (isUsual ? join(benchFolder, 'results.md') : undefined)
  if (file === undefined) return
  writeStormResults(file, section)
  console.error(`bench: wrote ${file}`)
}

interface StormPlan extends StormOptions {
  readonly repetitions: number
}

interface Measured {
  readonly samples: readonly StormSample[]
  /** What could not be measured, and why. */
  readonly problems: readonly string[]
}

async function measureAll(candidates: readonly Candidate[], plan: StormPlan): Promise<Measured> {
  const { listeners, repetitions } = plan
  const samples: StormSample[] = []
  const problems: string[] = []
  for (let repetition = 1; repetition <= repetitions; repetition += 1) {
    // The order moves on: a mood of the machine meets all of them.
    for (const candidate of repetition % 2 === 0 ? candidates.toReversed() : candidates) {
      const where = `${candidate.name}, repetition ${repetition}`
      console.error(`bench: ${repetition}/${repetitions} ${listeners} listeners ${candidate.name}`)
      try {
        const sample = await measureStorm(candidate, plan)
        samples.push(sample)
        const { retries, open, complaint } = sample
        if (retries > 0) console.error(`bench: ${where}: ${retries} attempts were made again, the first: ${complaint}`)
        if (open < listeners) problems.push(`${where}: only ${open} came again: ${complaint}`)
      } catch (error) {
        problems.push(`${where}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
  }
  return { samples, problems }
}

await runBench(main)
