import { parseArgs } from 'node:util'
import type { CandidateWish } from './candidates/choose-candidates.ts'
import { readNumber, splitNames } from './option-values.ts'

/** What one run of the benchmark does. */
export interface BenchOptions extends CandidateWish {
  /** Measured seconds of each workload of each candidate. */
  readonly seconds: number
  /** Seconds of load before the measured window. */
  readonly warmupSeconds: number
  readonly repetitions: number
  /** Connections held open for the memory measurement. */
  readonly idleConnections: number
  /** Names of the rows to measure, or `all`; empty: those of a usual run. */
  readonly rows: readonly string[]
  /** Measures carriers against the plain protocol, and writes the section about them. */
  readonly carriers: boolean
  /** Congestion control of this machine during the run; undefined: what it has. */
  readonly congestion: string | undefined
  /** Where profiles of our processes are written; undefined: nowhere. */
  readonly profileFolder: string | undefined
  /** Prints one JSON document to standard output instead of tables. */
  readonly json: boolean
  /** Where the tables are written; undefined: nowhere. */
  readonly resultsFile: string | undefined
}

/** In pairs: with carriers, and with one relayed connection each. */
const carrierCandidates: readonly string[] = ['postern-hcm', 'postern-hcm-one-each', 'postern', 'postern-one-each']

/** Text of `--help`. */
export const usage = `usage: npm run bench -- [options]

Measures the whole tunnel (client, local forwarder, relay, remote forwarder, target) beside its peers.

  --seconds N        measured seconds of each workload (default 0.8)
  --repetitions N    how often everything is measured (default 3)
  --idle N           connections held for the memory measurement (default 500)
  --only NAME        measure only this candidate; repeat or separate by commas for several
  --rows NAMES       measure these rows, separated by commas, or all; without it those of a usual run
  --peers FILE       measure the peers that this file names, and ours; it also says where their programs are
  --peer FILE        also measure the peer that this file describes; repeat for several
  --all              also measure the peers that are left out by default
  --carriers         measure carriers against the plain protocol, and write that section of the results
  --congestion NAME  TCP's congestion control during the run, such as cubic or bbr (default: that of this machine); takes root
  --cpu-prof FOLDER  write a CPU profile of each of our processes, and print where the time went
  --json             print one JSON document instead of tables
  --results FILE     write the tables to FILE (default bench/results.md for all candidates and rows without --congestion, else none)
  --help             print this text

examples:
  npm run bench                                                          the usual rows, ours and what is installed
  npm run bench -- --peers bench/peers.example.json --rows all           everything that can be measured
  npm run bench -- --only postern,ssh --rows up,both-8 --repetitions 5   two candidates, two rows
`

/**
 * Reads the command line.
 *
 * @throws {Error} with one line for the user when an option is unknown or not in its range.
 */
export function readOptions(args: readonly string[], defaultResultsFile: string): BenchOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '0.8' },
      repetitions: { type: 'string', default: '3' },
      idle: { type: 'string', default: '500' },
      only: { type: 'string', multiple: true, default: [] },
      rows: { type: 'string', multiple: true, default: [] },
      workload: { type: 'string', multiple: true, default: [] },
      peers: { type: 'string' },
      peer: { type: 'string', multiple: true, default: [] },
      all: { type: 'boolean', default: false },
      carriers: { type: 'boolean', default: false },
      congestion: { type: 'string' },
      'cpu-prof': { type: 'string' },
      json: { type: 'boolean', default: false },
      results: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  const named = values.only.flatMap(splitNames)
  const only = values.carriers && named.length === 0 ? carrierCandidates : named
  // --workload is what --rows was called at first.
  const rows = [...values.rows, ...values.workload].flatMap(splitNames)
  const hasAllRows = rows.length === 0 || rows.includes('all')
  const isFullRun = named.length === 0 && hasAllRows && values.congestion === undefined
  return {
    seconds: readNumber('--seconds', values.seconds, { least: 0.1, most: 60 }),
    warmupSeconds: 0.3,
    repetitions: Math.round(readNumber('--repetitions', values.repetitions, { least: 1, most: 100 })),
    idleConnections: Math.round(readNumber('--idle', values.idle, { least: 10, most: 10_000 })),
    only,
    rows,
    peersFile: values.peers,
    peerFiles: values.peer,
    all: values.all,
    carriers: values.carriers,
    congestion: values.congestion,
    profileFolder: values['cpu-prof'],
    json: values.json,
    resultsFile: values.results ?? (isFullRun ? defaultResultsFile : undefined),
  }
}
