import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type RelayReadyLine, relayProgram } from './chaos-yard.ts'
import { findFixedPorts } from './fixed-ports.ts'
import type { CrowdReport } from './listener-crowd.ts'
import { type MetricsAddress, readRelayMetrics } from './relay-metrics.ts'
import { SupervisedProgram } from './supervised-program.ts'
import { WithheldTime } from './withheld-time.ts'

const crowdSize = 200

/** So long is the relay away: long enough for every listener to have failed several times. */
const awayMs = 6_000

const maxReturnMs = 5_000

/** 200 TLS handshakes and upgrades cost about a second; twice the listeners must not cost the square. */
const maxRelayCpuMs = 5_000

/** While the relay is away: 200 listeners that try every two seconds on average. */
const maxWaitingCpuShare = 0.5

const patienceMs = 60_000

/** A relay and a process with many listeners. */
class Crowd implements AsyncDisposable {
  readonly relay: SupervisedProgram
  readonly listeners: SupervisedProgram
  readonly metrics: MetricsAddress
  readonly #folder: string
  readonly #reports: CrowdReports

  private constructor(
    built: Pick<Crowd, 'relay' | 'listeners' | 'metrics'>,
    { folder, reports }: { readonly folder: string; readonly reports: CrowdReports },
  ) {
    this.relay = built.relay
    this.listeners = built.listeners
    this.metrics = built.metrics
    this.#folder = folder
    this.#reports = reports
  }

  /** Resolves when all listeners are online. */
  static async gather(): Promise<Crowd> {
    const folder = await mkdtemp(join(tmpdir(), 'postern-crowd-'))
    const [dataPort = 0, managementPort = 0] = await findFixedPorts(2)
    const place = { folder, resources: await declareCrowd(folder), dataPort, managementPort }
    const relay = relayProgram(place, ['--max-listeners-per-entity', String(crowdSize)])
    const ready = JSON.parse(await relay.start()) as RelayReadyLine
    const reports: CrowdReports = new EventEmitter()
    const listeners = new SupervisedProgram({
      name: 'listeners',
      args: [fileURLToPath(new URL('./listener-crowd.ts', import.meta.url)), String(crowdSize)],
      environment: {
        POSTERN_CONNECTION_STRING: ready.hybridConnections[0]?.listen ?? '',
        NODE_EXTRA_CA_CERTS: ready.caFile,
      },
      onMessage: (message) => reports.emit('report', message as CrowdReport),
    })
    const metrics = { management: ready.management, caPem: await readFile(ready.caFile, 'utf8') }
    const crowd = new Crowd({ relay, listeners, metrics }, { folder, reports })
    try {
      await Promise.all([crowd.untilReports(({ online }) => online === crowdSize), listeners.start()])
      return crowd
    } catch (error) {
      await crowd[Symbol.asyncDispose]()
      throw error
    }
  }

  /** The next report for which this is true. */
  untilReports(isIt: (report: CrowdReport) => boolean = () => true): Promise<CrowdReport> {
    return new Promise((resolve, reject) => {
      let last: CrowdReport | undefined
      const onReport = (report: CrowdReport): void => {
        last = report
        if (!isIt(report)) return
        finish()
        resolve(report)
      }
      const finish = (): void => {
        clearTimeout(timer)
        this.#reports.off('report', onReport)
      }
      const timer = setTimeout(() => {
        finish()
        reject(new Error(`the last report within ${patienceMs} ms: ${JSON.stringify(last)}\n${this.listeners.said}`))
      }, patienceMs)
      this.#reports.on('report', onReport)
    })
  }

  /** Asks the listeners for a report. */
  ask(): Promise<CrowdReport> {
    const answer = this.untilReports()
    this.listeners.send('report')
    return answer
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.relay, this.listeners].map((program) => program[Symbol.asyncDispose]()))
    await rm(this.#folder, { recursive: true, force: true })
  }
}

type CrowdReports = EventEmitter<{ report: [CrowdReport] }>

async function declareCrowd(folder: string): Promise<string> {
  const rules = [{ name: 'RootManageSharedAccessKey', rights: ['Listen', 'Send', 'Manage'] }]
  const file = join(folder, 'resources.yaml')
  // JSON is YAML.
  const namespaces = [{ name: 'local', default: true, rules, hybridConnections: [{ name: 'crowd' }] }]
  await writeFile(file, JSON.stringify({ namespaces }))
  return file
}

for (const way of ['kill', 'stop'] as const) {
  const title = way === 'kill' ? 'killed and started again' : 'stopped and started again'
  test(`${crowdSize} listeners are back soon after their relay was ${title}`, async () => {
    await using crowd = await Crowd.gather()
    const { relay } = crowd
    using withheld = new WithheldTime()
    await Promise.all([crowd.untilReports(({ online }) => online === 0), relay[way]()])

    const before = await crowd.ask()
    await wait(awayMs)
    const after = await crowd.ask()
    const waitingShare = (after.cpuMs - before.cpuMs) / (after.atMs - before.atMs)

    const withheldBefore = withheld.totalMs
    const [back] = await Promise.all([crowd.untilReports(({ online }) => online === crowdSize), relay.start()])
    const returnMs = back.atMs - relay.readyAtMs
    const withheldMs = withheld.totalMs - withheldBefore
    const metrics = await readRelayMetrics(crowd.metrics)
    const relayCpuMs = (metrics.get('process_cpu_seconds_total') ?? 0) * 1000

    console.log(`all back after ${returnMs} ms; the machine withheld ${withheldMs.toFixed(0)} ms`)
    console.log(`relay: ${relayCpuMs.toFixed(0)} ms of CPU from its start until all were back`)
    console.log(`listeners: ${(waitingShare * 100).toFixed(0)} % of a processor while the relay was away`)
    assert.ok(returnMs < maxReturnMs + withheldMs, `all back after ${returnMs} ms`)
    assert.equal(metrics.get('postern_active_listeners'), crowdSize)
    assert.ok(relayCpuMs < maxRelayCpuMs, `the relay took ${relayCpuMs} ms of CPU`)
    assert.ok(waitingShare < maxWaitingCpuShare, `waiting took ${waitingShare} of a processor`)
    assert.deepEqual([...relay.unexpectedEnds, ...crowd.listeners.unexpectedEnds], [])
  })
}
