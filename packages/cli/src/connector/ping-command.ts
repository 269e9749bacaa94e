import {
  askConnector,
  Connector,
  type ConnectorSettings,
  demandEndpoints,
  demandTarget,
  type Hop,
  type PingReport,
  pingEndpoint,
  pingLocal,
  reportOf,
} from '@postern/connector'
import { safeText, silentLogger } from '@postern/program'
import type { Command } from 'commander'
import { networkOf } from './network-of.ts'
import { wantsJson } from './output.ts'
import { hasOwnSettings, settingsOf } from './settings-flags.ts'

/** What `test` and `tcpping` are asked. */
export interface PingQuestion {
  /** `HOST:PORT`. */
  readonly target: string
  readonly form: 'short' | 'long'
}

const exitCodes = { answers: 0, fails: 1, unknown: 4 } as const
/** An app or a relay says which endpoints there are in this time, or not at all. */
const learnTimeoutMs = 10_000

/** Tries the way to an endpoint, and says where it ends. */
export async function pingCommand(command: Command, { target, form }: PingQuestion): Promise<void> {
  const settings = settingsOf(command)
  const report = hasOwnSettings(command) ? await pingAlone(settings, target) : await pingByService(settings, target)
  if (wantsJson(command)) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
  else process.stdout.write(`${form === 'long' ? formatHops(report) : ''}${formatResult(report)}`)
  process.exitCode = exitCodes[report.result]
}

async function pingByService({ stateFolder }: ConnectorSettings, target: string): Promise<PingReport> {
  const { host, port } = demandTarget(target)
  const { report, address } = await askConnector(stateFolder, 'ping', { target })
  return reportOf(report.endpoint, [...(await pingLocal({ host, port, address })), ...report.hops])
}

async function pingAlone(settings: ConnectorSettings, target: string): Promise<PingReport> {
  demandEndpoints(settings)
  const { endpoints, apps, options } = settings
  const proxy = await networkOf(settings)
  const place = demandTarget(target)
  const { framing } = options
  const shared = { endpoints, apps, framing, proxy, tls: options.tls ? {} : false, listen: false } as const
  await using connector = new Connector({ ...shared, logger: silentLogger })
  await connector.start()
  await connector.settled(AbortSignal.timeout(learnTimeoutMs))
  // Awaited here: leaving the block ends the connector.
  return await pingEndpoint(connector, place)
}

function formatHops({ endpoint, hops }: PingReport): string {
  return `${safeText(endpoint)}\n${hops.map(formatHop).join('')}`
}

function formatHop({ name, result, ms, message, whatToDo }: Hop): string {
  const time = ms === undefined ? '' : `${ms.toFixed(1)} ms`
  const line = `  ${result.padEnd(8)} ${name.padEnd(11)} ${time.padStart(11)}  ${safeText(message)}\n`
  return whatToDo === undefined ? line : `${line}${' '.repeat(35)}${safeText(whatToDo)}\n`
}

function formatResult({ endpoint, hops, result }: PingReport): string {
  const name = safeText(endpoint)
  if (result === 'answers') return `${name} answers.\n`
  const end = hops.find((hop) => hop.result === 'failed') ?? hops.at(-1)
  const { name: at = 'way', message = '', whatToDo } = end ?? {}
  const advice = whatToDo === undefined ? '' : `\n  ${safeText(whatToDo)}`
  return result === 'fails'
    ? `${name} does not answer. It ends at the ${at}: ${safeText(message)}${advice}\n`
    : `${name}: ${safeText(message)}.\n`
}
