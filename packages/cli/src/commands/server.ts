import { addTableOptions, createLogger, typedFlags } from '@postern/program'
import { optionTable } from '@postern/server'
import type { Command } from 'commander'
import { openRelay } from '../open-relay.ts'
import { programName } from '../program-name.ts'
import { readRelaySettings, warnUnknownEnvironment } from '../relay-settings.ts'
import { awaitShutdown } from '../shutdown-request.ts'

/** Adds `postern server`: a relay in production. */
export function configureServerCommand(command: Command): void {
  addTableOptions(command, optionTable, Object.keys(optionTable))
  command
    .option('--config <file>', 'YAML file of options; flags and environment win over it')
    .addHelpText('after', examples(programName()))
    .action((options: { readonly config?: string }) => runServer(command, options.config))
}

function examples(postern: string): string {
  return `In the file an option has its name in camel case: dataPort: 443

Examples:
  ${postern} server --config /etc/postern/postern.yaml
  ${postern} config check --config /etc/postern/postern.yaml
  POSTERN_DATA_PORT=443 POSTERN_ACME_HOSTS=relay.example.test ${postern} server

SIGTERM drains: nothing new is taken, relayed connections have --drain-timeout to end. The resources file and certificate
files are read again when they change.`
}

async function runServer(command: Command, file: string | undefined): Promise<void> {
  using shutdown = awaitShutdown()
  const settings = readRelaySettings(optionTable, { flags: typedFlags(command, optionTable), file })
  const { config } = settings
  const log = createLogger({ level: config.logLevel, format: config.logFormat })
  warnUnknownEnvironment(settings, log)
  await using relay = await openRelay(config, { log })
  if (relay.caPem !== null) log.warn('certificates.development-ca', { caFile: relay.caFile })
  const signal = await shutdown.signal
  log.info('relay.stopping', { signal, drainTimeoutMs: config.drainTimeoutMs })
  await relay.stop({ graceMs: config.drainTimeoutMs })
  log.info('relay.stopped')
}
