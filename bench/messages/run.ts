import { loadavg } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { compileLoad } from '../load/compile-load.ts'
import { readNumber, readNumbers, splitNames } from '../option-values.ts'
import { findUsageProblem } from '../processes/process-usage.ts'
import { runBench } from '../processes/run-bench.ts'
import { repeatableCommand } from '../report/repeatable-command.ts'
import { writeMessageResults } from '../report/results-file.ts'
import { type Broker, brokers } from './broker-table.ts'
import { type FanOutSample, measureFanOut } from './measure-fan-out.ts'
import { formatResultsSection } from './results-section.ts'

const usage = `usage: npm run bench:messages -- [options]

Measures messages published and delivered beside NATS core and Mosquitto, one publisher and many subscribers.

  --subscribers N    numbers of subscribers, separated by commas (default 1,25,1000)
  --seconds N        measured for each of them (default 2)
  --repetitions N    how often everything is measured (default 5)
  --only NAME        postern, nats or mosquitto; separate several by commas
  --json             print one JSON document with every sample
  --results FILE     write the tables into FILE (default bench/results.md for a full run)
  --help             print this text
`

const benchFolder = dirname(import.meta.dirname)

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      subscribers: { type: 'string' },
      seconds: { type: 'string', default: '2' },
      repetitions: { type: 'string', default: '5' },
      only: { type: 'string' },
      json: { type: 'boolean', default: false },
      results: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(usage)
  const problem = findUsageProblem()
  if (problem !== undefined) throw new Error(problem)
  const subscribers = readNumbers('--subscribers', values.subscribers ?? '1,25,1000', { least: 1 })
  const seconds = readNumber('--seconds', values.seconds, { least: 0.1 })
  const repetitions = readNumber('--repetitions', values.repetitions, { least: 1 })
  const only = values.only === undefined ? undefined : splitNames(values.only)
  const loadBefore = loadavg()[0] ?? 0
  const loadBinary = await compileLoad(benchFolder, 'fanout')
  const samples = new Map<Broker, (readonly FanOutSample[])[]>()
  const missing = new Map<string, string>()
  const options = { repositoryFolder: dirname(benchFolder), loadBinary, seconds, warmupSeconds: 0.5, subscribers }
  const chosen = brokers.filter(({ name }) => only?.includes(name) ?? true)
  for (let repetition = 1; repetition <= repetitions; repetition += 1) {
    // The order moves on: a mood of the machine meets all of them.
    for (const broker of [
      ...chosen.slice(repetition % chosen.length),
      ...chosen.slice(0, repetition % chosen.length),
    ]) {
      if (missing.has(broker.name)) continue
      console.error(`bench: ${repetition}/${repetitions} ${broker.name}`)
      try {
        const measured = await measureFanOut(broker, options)
        samples.set(broker, [...(samples.get(broker) ?? []), measured])
      } catch (error) {
        if (!isMissingProgram(error)) throw error
        missing.set(broker.name, `Not measured: ${broker.name}: its program is not here`)
      }
    }
  }
  const command = repeatableCommand('bench:messages', args)
  const results = chosen.flatMap((broker) => {
    const measured = samples.get(broker)
    return measured ? [{ broker, repetitions: measured }] : []
  })
  const section = formatResultsSection({
    command,
    loadBefore,
    seconds,
    subscribers,
    results,
    missing: [...missing.values()],
  })
  console.log(values.json ? JSON.stringify({ command, loadBefore, subscribers, results }, null, 2) : section)
  const isFullRun = values.subscribers === undefined && only === undefined
  const file = values.results ?? (isFullRun ? join(benchFolder, 'results.md') : undefined)
  if (file === undefined) return
  writeMessageResults(file, section)
  console.error(`bench: wrote ${file}`)
}

/** 127 is what a shell answers for a program that is not there. */
function isMissingProgram(error: unknown): boolean {
  return error instanceof Error && /ENOENT|not found/.test(error.message)
}

await runBench(main)
