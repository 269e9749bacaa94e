import type { MetricName } from '../load/workload-table.ts'

/** What one row of the benchmark has to give. */
export interface Target {
  /** What is compared, in front of unit and row. */
  readonly what: string
  readonly row: string
  readonly metric: MetricName
  /** Candidates of ours: the better one counts. */
  readonly ours: readonly string[]
  /** The best of them is what ours is compared with. */
  readonly others: readonly string[]
  /** So many times as good as the best of the others. */
  readonly wantedFactor?: number
  /** No more than this, whatever the others have. */
  readonly wantedMost?: number
  /** What is told is `row` divided by this row, of the same candidate. */
  readonly dividedBy?: string
}

/** Targets that are shown in one table. */
export interface TargetGroup {
  readonly title: string
  readonly targets: readonly Target[]
}

const plain = ['postern-plain', 'postern-hcm-plain']
const tls = ['postern', 'postern-hcm']
const ingress = ['postern-ingress-plain', 'postern-ingress']
const plainIngress = ['postern-ingress-plain']

/** All that are tunnels. haproxy, nginx, socat and the Node hops lead to a port that the target's side must have opened. */
const tunnels = ['chisel', 'frp', 'frp-nomux', 'frp-plain', 'rathole', 'ssh', 'ssh-chain', 'wstunnel']
/** TLS, or SSH, on each of the two middle links, as ours has it. */
const encryptedChains = ['haproxy-chain-tls', 'ssh-chain']
/** What they are to those who use them is what ours is: three processes, encrypted, nothing but a name at the client's end. */
const encryptedTunnels = ['chisel', 'frp', 'ssh-chain']

const [speed, cost] = ['megabytesPerSecond', 'cpuSecondsPerGiB'] as const
const [newOnes, requests] = ['connectionsPerSecond', 'requestsPerSecond'] as const
const memory = 'bytesPerIdleConnection' as const
const [p50, p99] = ['p50Microseconds', 'p99Microseconds'] as const

interface Directions {
  readonly title: string
  readonly ours: readonly string[]
  readonly others: readonly string[]
  readonly wantedFactor?: number
}

function bulkTargets({ title, ...rest }: Directions): readonly Target[] {
  return [
    { what: `bulk${title}, to target`, row: 'up', metric: speed, ...rest },
    { what: `bulk${title}, to client`, row: 'down', metric: speed, ...rest },
    { what: `bulk${title}, 8 streams, to target`, row: 'up-8', metric: speed, ...rest },
    { what: `bulk${title}, 8 streams, to client`, row: 'down-8', metric: speed, ...rest },
  ]
}

/** The same rows for two neighbours that nothing is promised against. */
function allRows(ours: readonly string[], others: readonly string[], of: string): readonly Target[] {
  const both = { ours, others }
  return [
    ...bulkTargets({ title: of, ...both }),
    { what: `CPU time${of}, to target`, row: 'up', metric: cost, ...both },
    { what: `new connections${of}, one after the other`, row: 'connect-1', metric: newOnes, ...both },
    { what: `new connections${of}, 16 at once`, row: 'connect', metric: newOnes, ...both },
    { what: `new connections${of}, 64 at once`, row: 'connect-64', metric: newOnes, ...both },
    { what: `HTTP${of}`, row: 'http', metric: requests, ...both },
    { what: `ping-pong${of}, one stream`, row: 'ping', metric: p50, ...both },
    { what: `ping-pong${of}, 16 streams`, row: 'ping-16', metric: 'roundTripsPerSecond', ...both },
    { what: `ping-pong${of} beside 20 bulk streams`, row: 'ping-bulk', metric: p99, ...both },
    { what: `memory${of}, 1,000 connections`, row: 'idle-1000', metric: memory, ...both },
  ]
}

const [three, entry] = [', connector → relay → HCM', ', public port of the relay']

/** What is wanted of the benchmark's rows; what bench:growth, bench:storm and bench:paths are to give stands in their own sections. */
export const targetTable: readonly TargetGroup[] = [
  {
    title: 'What is wanted, against the best tunnel',
    targets: [
      ...bulkTargets({ title: `, plain${three}`, ours: plain, others: tunnels, wantedFactor: 1.5 }),
      ...bulkTargets({ title: `, TLS on every hop${three}`, ours: tls, others: encryptedChains, wantedFactor: 1.2 }),
      ...bulkTargets({ title: `, plain${entry}`, ours: plainIngress, others: tunnels }),
      ...(['up', 'down'] as const).map((row) => ({
        ...{ what: `CPU time, plain${three}, to ${row === 'up' ? 'target' : 'client'}`, row, metric: cost },
        ...{ ours: plain, others: tunnels, wantedMost: 1.6 },
      })),
      ...(['connect', 'connect-64'] as const).flatMap((row) => {
        const [count, common] = [row === 'connect' ? 16 : 64, { row, metric: newOnes, others: tunnels }]
        return [
          { what: `new connections, plain${three}, ${count} at once`, ...common, ours: plain, wantedFactor: 1 },
          { what: `new connections, TLS${three}, ${count} at once`, ...common, ours: tls, wantedFactor: 1 },
          { what: `new connections, plain${entry}, ${count} at once`, ...common, ours: plainIngress },
        ]
      }),
      ...[
        { what: `HTTP, plain${three}`, ours: plain },
        { what: `HTTP, plain${entry}`, ours: plainIngress },
        { what: `HTTP, TLS${three}`, ours: tls },
      ].map((target) => ({ ...target, row: 'http', metric: requests, others: tunnels, wantedFactor: 1 }) as const),
      ...[
        { what: `ping-pong, plain${entry}`, row: 'ping', metric: p50, ours: plainIngress, wantedFactor: 1 },
        { what: `ping-pong, plain${three}`, row: 'ping', metric: p50, ours: plain, wantedFactor: 0.8 },
        { what: `beside 20 bulk streams${entry}`, row: 'ping-bulk', metric: p99, ours: ingress, wantedFactor: 1 },
        {
          what: `beside 20 bulk streams, plain${three}`,
          row: 'ping-bulk',
          metric: p99,
          ours: plain,
          wantedFactor: 0.8,
        },
      ].map((target) => ({ ...target, others: tunnels })),
      {
        ...{ what: 'p99 beside 20 bulk streams divided by p99 without them', row: 'ping-bulk', dividedBy: 'ping-16' },
        ...{ metric: p99, ours: [...plain, ...tls, ...ingress], others: tunnels, wantedMost: 3 },
      },
      ...(['idle-1000', 'idle-10000'] as const).flatMap((row) => {
        const count = row === 'idle-1000' ? '1,000' : '10,000'
        const common = { row, metric: memory, others: tunnels, wantedFactor: 1 } as const
        return [
          { what: `memory of all processes, TLS${three}, ${count} connections`, ...common, ours: tls },
          { what: `memory of all processes, TLS${entry}, ${count} connections`, ...common, ours: ['postern-ingress'] },
        ]
      }),
    ],
  },
  {
    title: 'Against what does the same, with TLS: three processes, encrypted, nothing but a name at the client',
    targets: allRows(tls, encryptedTunnels, ''),
  },
  {
    title: 'Against Node processes that pass TCP on and do nothing else, three and two of them',
    targets: [
      ...allRows([...tls, ...plain], ['node-chain'], ', three processes'),
      ...allRows(ingress, ['node-pair'], ', two processes'),
    ],
  },
]
