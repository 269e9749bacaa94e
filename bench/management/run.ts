import { loadavg } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { readNumber } from '../option-values.ts'
import { findUsageProblem } from '../processes/process-usage.ts'
import { runBench } from '../processes/run-bench.ts'
import { repeatableCommand } from '../report/repeatable-command.ts'
import { writeManagementResults } from '../report/results-file.ts'
import { measureEstate } from './measure-estate.ts'
import { prepareEstate } from './prepare-estate.ts'
import { type EstateResults, formatResultsSection } from './results-section.ts'

const usage = `usage: npm run bench:management -- [options]

Measures the management plane with few and with many hybrid connections.

  --entities N       hybrid connections of the large estate, in N / 100 namespaces (default 10000)
  --repetitions N    how often everything is measured (default 5)
  --calls N          calls of each kind (default 500)
  --json             print one JSON document with every sample
  --results FILE     write the table into FILE (default bench/results.md, none with --entities or --calls)
  --help             print this text
`

const repositoryFolder = dirname(dirname(import.meta.dirname))

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      entities: { type: 'string' },
      repetitions: { type: 'string', default: '5' },
      calls: { type: 'string' },
      json: { type: 'boolean', default: false },
      results: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(usage)
  const problem = findUsageProblem()
  if (problem !== undefined) throw new Error(problem)
  const entities = Math.max(100, readNumber('--entities', values.entities ?? '10000', { least: 1 }))
  const calls = readNumber('--calls', values.calls ?? '500', { least: 1 })
  const repetitions = readNumber('--repetitions', values.repetitions, { least: 1 })
  const loadBefore = loadavg()[0] ?? 0
  const estates = [
    await prepareEstate(repositoryFolder, { namespaces: 1, hybridConnections: 10 }),
    await prepareEstate(repositoryFolder, { namespaces: Math.ceil(entities / 100), hybridConnections: entities }),
  ]
  for (let repetition = 1; repetition <= repetitions; repetition += 1) {
    // The order moves on: a mood of the machine meets both.
    for (const estate of repetition % 2 === 0 ? estates : estates.toReversed()) {
      console.error(`bench: ${repetition}/${repetitions} ${estate.name}`)
      estate.repetitions.push(await measureEstate({ ...estate, repositoryFolder, calls }))
    }
  }
  const command = repeatableCommand('bench:management', args)
  report({ command, loadBefore, calls, estates }, values)
}

function report(
  measured: {
    readonly command: string
    readonly loadBefore: number
    readonly calls: number
    readonly estates: readonly EstateResults[]
  },
  options: { readonly json: boolean; readonly results?: string; readonly entities?: string; readonly calls?: string },
): void {
  const section = formatResultsSection(measured)
  console.log(options.json ? JSON.stringify(measured, null, 2) : section)
  const isFullRun = options.entities === undefined && options.calls === undefined
  const file = options.results ?? (isFullRun ? join(dirname(import.meta.dirname), 'results.md') : undefined)
  if (file === undefined) return
  writeManagementResults(file, section)
  console.error(`bench: wrote ${file}`)
}

await runBench(main)
