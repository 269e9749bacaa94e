import { mkdirSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { parseArgs } from 'node:util'

import type { Candidate } from '../candidates/candidate.ts'
import { chooseCandidates } from '../candidates/choose-candidates.ts'
import { compileLoad } from '../load/compile-load.ts'
import { chooseWorkloads } from '../load/workload-table.ts'
import { measureEstate } from '../management/measure-estate.ts'
import { prepareEstate } from '../management/prepare-estate.ts'
import { readNumber, readNumbers, splitNames } from '../option-values.ts'
import { findUsageProblem } from '../processes/process-usage.ts'
import { raiseFileLimit } from '../processes/raise-file-limit.ts'
import { runBench } from '../processes/run-bench.ts'
import { repeatableCommand } from '../report/repeatable-command.ts'
import { writeGrowthResults } from '../report/results-file.ts'
import { type EntitySample, toEntitySample } from './entity-sample.ts'
import { drawEntities, drawPairs, formatGrowthSection, type GrowthReport, pictureNames } from './growth-report.ts'
import { measurePairs, type PairSample } from './measure-pairs.ts'

const usage = `usage: npm run bench:growth -- [options]

Measures how one relay process bears more and more: idle pairs, and hybrid connections. Writes a section of bench/results.md and two pictures.

  --pairs N          numbers of idle pairs, separated by commas; 0: none (default 1000,3000,9000)
  --entities N       numbers of hybrid connections; 0: none (default 10,100,1000,10000)
  --only NAME        candidates with pairs, separated by commas (default postern,postern-one-each)
  --peers FILE       where the peers' programs are, as for npm run bench
  --seconds N        of each probe beside the pairs (default 5)
  --repetitions N    how often everything is measured (default 3)
  --json             print one JSON document with every sample
  --results FILE     write the section into FILE, and the pictures into the folder pictures beside it (default bench/results.md for a full run)
  --help             print this text

examples:
  npm run bench:growth                                                         everything, about twenty minutes
  npm run bench:growth -- --pairs 1000,3000 --entities 0 --repetitions 1       two points of one curve
`

const benchFolder = dirname(import.meta.dirname)
const repositoryFolder = dirname(benchFolder)
/** Of each kind beside each number of hybrid connections. */
const calls = 300
const entitiesPerNamespace = 100

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      pairs: { type: 'string' },
      entities: { type: 'string' },
      only: { type: 'string' },
      peers: { type: 'string' },
      seconds: { type: 'string', default: '5' },
      repetitions: { type: 'string', default: '3' },
      json: { type: 'boolean', default: false },
      results: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(usage)
  const problem = findUsageProblem()
  if (problem !== undefined) throw new Error(problem)
  const fileLimit = raiseFileLimit()
  const loadBefore = loadavg()[0] ?? 0
  const loadBinary = await compileLoad(benchFolder, 'tcpload')
  const repetitions = readNumber('--repetitions', values.repetitions, { least: 1 })
  const seconds = readNumber('--seconds', values.seconds, { least: 0.1 })
  const pairCounts = readCounts('--pairs', values.pairs ?? '1000,3000,9000')
  const entityCounts = readCounts('--entities', values.entities ?? '10,100,1000,10000')
  const wish = { only: splitNames(values.only ?? 'postern,postern-one-each'), peersFile: values.peers }
  const { measured, skipped } = await chooseCandidates(benchFolder, wish, chooseWorkloads(['idle']))
  const problems = [...skipped]
  const pairs = await measureAllPairs(measured, {
    counts: pairCounts,
    ...{ repetitions, seconds, loadBinary, problems },
  })
  const entities = await measureAllEntities(entityCounts, { repetitions, problems })
  const command = repeatableCommand('bench:growth', args)
  const isFullRun = [values.pairs, values.entities, values.only].every((value) => value === undefined)
  const file = values.results ?? (isFullRun ? join(benchFolder, 'results.md') : undefined)
  const report = { command, loadBefore, fileLimit, repetitions, seconds, pairs, entities, problems }
  publish({ ...report, pictureFolder: file && 'pictures' }, { file, json: values.json })
  process.exitCode = problems.length > 0 ? 1 : 0
}

interface PairPlan {
  readonly counts: readonly number[]
  readonly repetitions: number
  readonly seconds: number
  readonly loadBinary: string
  /** Receives what could not be measured. */
  readonly problems: string[]
}

async function measureAllPairs(candidates: readonly Candidate[], plan: PairPlan): Promise<readonly PairSample[]> {
  const { counts, repetitions, problems } = plan
  const samples: PairSample[] = []
  for (let repetition = 1; repetition <= repetitions; repetition += 1) {
    for (const count of counts) {
      // The order moves on: a mood of the machine meets all of them.
      for (const candidate of repetition % 2 === 0 ? candidates.toReversed() : candidates) {
        const where = `${candidate.name}, ${count} pairs, repetition ${repetition}`
        console.error(`bench: ${repetition}/${repetitions} ${count} pairs ${candidate.name}`)
        try {
          const sample = await measurePairs(candidate, count, plan)
          samples.push(sample)
          if (sample.complaint !== '') problems.push(`${where}: ${sample.complaint}`)
        } catch (error) {
          problems.push(`${where}: ${error instanceof Error ? error.message : String(error)}`)
        }
      }
    }
  }
  return samples
}

async function measureAllEntities(
  counts: readonly number[],
  { repetitions, problems }: Pick<PairPlan, 'repetitions' | 'problems'>,
): Promise<readonly EntitySample[]> {
  const samples: EntitySample[] = []
  try {
    const estates = []
    for (const hybridConnections of counts) {
      const namespaces = Math.ceil(hybridConnections / entitiesPerNamespace)
      estates.push(await prepareEstate(repositoryFolder, { namespaces, hybridConnections }))
    }
    for (let repetition = 1; repetition <= repetitions; repetition += 1) {
      for (const { name, size, folder } of repetition % 2 === 0 ? estates.toReversed() : estates) {
        console.error(`bench: ${repetition}/${repetitions} hybrid connections: ${name}`)
        const measured = await measureEstate({ repositoryFolder, folder, size, calls })
        samples.push(toEntitySample(size.hybridConnections, measured))
      }
    }
  } catch (error) {
    // The pairs are measured already: they must not be lost with it.
    problems.push(`hybrid connections: ${error instanceof Error ? error.message : String(error)}`)
  }
  return samples
}

function publish(report: GrowthReport, { file, json }: { readonly file: string | undefined; json: boolean }): void {
  const section = formatGrowthSection(report)
  console.log(json ? JSON.stringify(report, null, 2) : section)
  for (const text of report.problems) console.error(`bench: PROBLEM: ${text}`)
  if (file === undefined) return
  const folder = join(dirname(file), 'pictures')
  mkdirSync(folder, { recursive: true })
  if (report.pairs.length > 0) writeFileSync(join(folder, pictureNames.pairs), drawPairs(report.pairs))
  if (report.entities.length > 0) writeFileSync(join(folder, pictureNames.entities), drawEntities(report.entities))
  writeGrowthResults(file, section)
  console.error(`bench: wrote ${relative(process.cwd(), file)} and the pictures in ${relative(process.cwd(), folder)}`)
}

/** 0 stands for none. */
function readCounts(flag: string, text: string): readonly number[] {
  return readNumbers(flag, text, { least: 0 }).filter((count) => count > 0)
}

await runBench(main)
