import { mkdirSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { parseArgs } from 'node:util'

import { whyNoNetworkYard } from '../../test/system/faults/network-yard.ts'
import type { Candidate } from '../candidates/candidate.ts'
import { chooseCandidates } from '../candidates/choose-candidates.ts'
import { compileLoad } from '../load/compile-load.ts'
import { chooseWorkloads } from '../load/workload-table.ts'
import { readNumber, readNumbers, splitNames } from '../option-values.ts'
import { readCongestionControl } from '../processes/congestion-control.ts'
import { runBench } from '../processes/run-bench.ts'
import { repeatableCommand } from '../report/repeatable-command.ts'
import { writePathResults } from '../report/results-file.ts'
import { LongPath } from './long-path.ts'
import { drawPaths, formatPathSection, type PathResult, type PathSectionOptions } from './path-report.ts'

/** Two processes without encryption are beside each other, and three with it. */
const defaultCandidates =
  'direct,postern,postern-plain,postern-ingress,postern-ingress-plain,ssh,wstunnel,chisel,frp,rathole'

const usage = `usage: npm run bench:paths -- [options]

Measures bulk over one long link, from target to client, beside direct TCP: client and local end near, relay and target far. Writes a section of bench/results.md and a picture.

  --delays MS        round trips in ms (default 20,100,200)
  --losses PERCENT   packets lost in each direction (default 0,0.1,1)
  --streams N        streams at once (default 1,8)
  --seconds N        measured for each point, after 4 s in which windows grow (default 3)
  --repetitions N    how often everything is measured (default 3)
  --congestion NAME  congestion control of both networks, such as cubic or bbr (default: that of this machine)
  --only NAME        candidates, separated by commas (default ${defaultCandidates})
  --peers FILE       where the peers' programs are, as for npm run bench
  --picture FILE     write the picture to FILE (default: pictures/long-path.svg beside the results)
  --results FILE     write the section into FILE (default bench/results.md for a full run)
  --help             print this text

examples:
  npm run bench:paths -- --peers bench/peers.example.json                                            everything, about an hour and a quarter
  npm run bench:paths -- --delays 100 --losses 1 --streams 8 --only direct,postern --repetitions 1   one point
`

const benchFolder = dirname(import.meta.dirname)

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      delays: { type: 'string' },
      losses: { type: 'string' },
      streams: { type: 'string' },
      seconds: { type: 'string', default: '3' },
      repetitions: { type: 'string', default: '3' },
      only: { type: 'string' },
      congestion: { type: 'string' },
      peers: { type: 'string' },
      picture: { type: 'string' },
      results: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(usage)
  const problem = whyNoNetworkYard()
  if (problem !== false) throw new Error(problem)
  const loadBefore = loadavg()[0] ?? 0
  const loadBinary = await compileLoad(benchFolder, 'tcpload')
  const plan = {
    loadBinary,
    congestion: values.congestion ?? readCongestionControl(),
    delays: readNumbers('--delays', values.delays ?? '20,100,200', { least: 0 }),
    losses: readNumbers('--losses', values.losses ?? '0,0.1,1', { least: 0, most: 100 }),
    streams: readNumbers('--streams', values.streams ?? '1,8', { least: 1 }),
    seconds: readNumber('--seconds', values.seconds, { least: 0.1 }),
    repetitions: readNumber('--repetitions', values.repetitions, { least: 1 }),
  }
  const only = splitNames(values.only ?? defaultCandidates)
  const { measured, skipped } = await chooseCandidates(
    benchFolder,
    { only, peersFile: values.peers },
    chooseWorkloads(['down']),
  )
  for (const reason of skipped) console.error(`bench: NOT MEASURED: ${reason}`)
  const { results, congestion, problems } = await measureAll(measured, plan)
  const command = repeatableCommand('bench:paths', args)
  const missing = [...skipped, ...problems]
  const { delays, losses, streams, congestion: chosen } = values
  const isFullRun = [delays, losses, streams, values.only, chosen].every((value) => value === undefined)
  const file = values.results ?? (isFullRun ? join(benchFolder, 'results.md') : undefined)
  process.exitCode = problems.length > 0 ? 1 : 0
  const candidates = measured.map(({ name }) => name)
  const report = { candidates, results, command, loadBefore, seconds: plan.seconds, congestion, skipped: missing }
  publish(report, file, values.picture ?? (file && join(dirname(file), 'pictures', 'long-path.svg')))
}

interface Plan {
  readonly loadBinary: string
  readonly congestion: string
  readonly delays: readonly number[]
  readonly losses: readonly number[]
  readonly streams: readonly number[]
  readonly seconds: number
  readonly repetitions: number
}

interface MeasuredPaths {
  readonly results: readonly PathResult[]
  /** What all networks said; one name, if the machine does what it is told. */
  readonly congestion: string
  /** What could not be measured, and why. */
  readonly problems: readonly string[]
}

async function measureAll(candidates: readonly Candidate[], plan: Plan): Promise<MeasuredPaths> {
  const results: PathResult[] = []
  const problems: string[] = []
  const congestions = new Set<string>()
  for (let repetition = 1; repetition <= plan.repetitions; repetition += 1) {
    for (const roundTripMs of plan.delays) {
      for (const candidate of candidates) {
        const where = `${repetition}/${plan.repetitions} ${roundTripMs} ms ${candidate.name}`
        console.error(`bench: ${where}`)
        // One that fails must not take the others' numbers along.
        const onProblem = (at: string, error: unknown): void => {
          problems.push(`${where}${at}: ${error instanceof Error ? error.message : String(error)}`)
          console.error(`bench: PROBLEM: ${problems.at(-1)}`)
        }
        try {
          const { points, congestion } = await measureCandidate(candidate, roundTripMs, { ...plan, onProblem })
          results.push(...points)
          congestions.add(congestion)
        } catch (error) {
          onProblem('', error)
        }
      }
    }
  }
  return { results, problems, congestion: [...congestions].join(', ') }
}

interface MeasuredPath {
  readonly points: readonly PathResult[]
  /** Of both networks, as they said it. */
  readonly congestion: string
}

/** A link of its own for each: what one has left in its queues is nobody else's. */
async function measureCandidate(
  candidate: Candidate,
  roundTripMs: number,
  plan: Plan & { readonly onProblem: (at: string, error: unknown) => void },
): Promise<MeasuredPath> {
  const { loadBinary, seconds, congestion, losses, streams, onProblem } = plan
  await using path = await LongPath.open(roundTripMs, congestion)
  const running = candidate.name === 'direct' ? undefined : await candidate.start(path.places(loadBinary))
  const results: PathResult[] = []
  try {
    for (const lossPercent of losses) {
      await path.lose(lossPercent)
      for (const count of streams) {
        try {
          const megabytesPerSecond = await path.measure(running, { loadBinary, streams: count, seconds })
          results.push({ candidate: candidate.name, roundTripMs, lossPercent, streams: count, megabytesPerSecond })
        } catch (error) {
          onProblem(`, ${lossPercent} % lost, ${count} streams`, error)
        }
      }
    }
  } finally {
    await running?.stop()
  }
  return { points: results, congestion: path.congestion }
}

function publish(
  report: Omit<PathSectionOptions, 'picture'>,
  file: string | undefined,
  pictureFile: string | undefined,
): void {
  const picture = file && pictureFile && relative(dirname(file), pictureFile)
  const section = formatPathSection({ ...report, picture })
  console.log(section)
  if (pictureFile !== undefined) {
    mkdirSync(dirname(pictureFile), { recursive: true })
    writeFileSync(pictureFile, drawPaths(report.results))
  }
  if (file !== undefined) writePathResults(file, section)
  for (const written of [file, pictureFile]) if (written !== undefined) console.error(`bench: wrote ${written}`)
}

await runBench(main)
