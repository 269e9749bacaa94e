import {
  type ConnectorFacts,
  type ConnectorSettings,
  demandEndpoints,
  resolverLines,
  serveConnector,
} from '@postern/connector'
import { createLogger, RareLines } from '@postern/program'
import { RelayError } from '@postern/protocol'
import type { Command } from 'commander'
import { programName } from '../program-name.ts'
import { awaitShutdown } from '../shutdown-request.ts'
import { formatEndpoints } from './format-endpoints.ts'
import { networkOf } from './network-of.ts'
import { settingsOf } from './settings-flags.ts'

/** Runs the connector until Ctrl-C or SIGTERM. */
export async function serveCommand(command: Command): Promise<void> {
  const { json = false, printResolver = false } = command.opts<{ json?: true; printResolver?: true }>()
  const settings = settingsOf(command)
  if (printResolver) {
    printResolverLines(settings)
    return
  }
  demandEndpoints(settings)
  using shutdown = awaitShutdown()
  const { options } = settings
  const logger = new RareLines(createLogger({ level: options.logLevel, format: json ? 'json' : 'text' }))
  const served = await serveConnector({ settings, proxy: await networkOf(settings), logger })
  process.stdout.write(json ? `${JSON.stringify(served.facts)}\n` : readyReport(served.facts, settings))
  const signal = await shutdown.signal
  await served.stop({ graceMs: signal === 'SIGTERM' ? options.grace : 0 })
}

function printResolverLines({ options, endpoints }: ConnectorSettings): void {
  if (options.dns === undefined) {
    throw new RelayError('InvalidConfiguration', { message: 'Say where names are answered: --dns 127.0.0.1:5300' })
  }
  const hosts = endpoints.flatMap(({ endpoint }) => endpoint?.replace(/:[^:]*$/, '') ?? [])
  process.stdout.write(resolverLines({ dns: options.dns, answer: options.answer, hosts }))
}

function readyReport(facts: ConnectorFacts, { options }: ConnectorSettings): string {
  const postern = programName()
  const ways = [
    ...(facts.hostsFile === undefined ? [] : [`every program of this machine: the names stand in ${facts.hostsFile}`]),
    ...(facts.dns === undefined
      ? []
      : [`by DNS at ${facts.dns}; what leads there: ${postern} connector --dns ${options.dns} --print-resolver`]),
  ]
  const none = `No way in is open: programs open the addresses above. Names: --hosts, --dns, or ${postern} connector run -- PROGRAM\n`
  return `${formatEndpoints(facts)}\n${ways.length === 0 ? none : ways.map((way) => `${way}\n`).join('')}Ctrl-C ends it.\n`
}
