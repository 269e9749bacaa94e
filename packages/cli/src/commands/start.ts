import { addTableOptions, createLogger, typedFlags } from '@postern/program'
import type { Command } from 'commander'
import { formatDemoReport } from '../demo/demo-report.ts'
import { runDemo } from '../demo/run-demo.ts'
import { type DoorOption, openRelay } from '../open-relay.ts'
import { programName } from '../program-name.ts'
import { readyFacts } from '../ready-facts.ts'
import { demoTable, type RelaySettings, readRelaySettings, warnUnknownEnvironment } from '../relay-settings.ts'
import { awaitShutdown } from '../shutdown-request.ts'

const shownOptions = ['dataPort', 'managementPort', 'publicHost', 'data', 'inMemory', 'resources', 'logLevel']

/** Adds `postern start`: a relay for development with a demo that proves that it works. */
export function configureStartCommand(command: Command): void {
  addTableOptions(command, demoTable, shownOptions)
  command
    .option('--json', 'print one line when ready, as `postern up --json`')
    .addHelpText('after', examples(programName()))
    .action((options: { readonly json?: boolean }) => runStart(command, options))
}

function examples(postern: string): string {
  return `The other options of \`${postern} server --help\` work too.

Examples:
  npm start                          # in the repository: the same
  ${postern} start --data /tmp/postern-demo --data-port 9443`
}

async function runStart(command: Command, { json = false }: { readonly json?: boolean }): Promise<void> {
  using shutdown = awaitShutdown()
  const settings = readRelaySettings(demoTable, { flags: typedFlags(command, demoTable) })
  const { config } = settings
  const log = createLogger({ level: config.logLevel, format: config.logFormat })
  warnUnknownEnvironment(settings, log)
  const note = (text: string): void => void process.stderr.write(`${text}\n`)
  await using relay = await openRelay(config, { log, movable: untypedDoors(settings), onMoved: note })
  await using demo = await runDemo(relay, { config, log })
  const facts = readyFacts(relay)
  process.stdout.write(json ? `${JSON.stringify(facts)}\n` : formatDemoReport(facts, demo.facts))
  await shutdown.signal
  if (!json) note('\nStopping.')
}

/** A port that somebody chose is meant; the default ones are as good as any other. */
function untypedDoors({ loaded }: RelaySettings): readonly DoorOption[] {
  return (['dataPort', 'managementPort'] as const).filter((door) => loaded.sources[door] === 'default')
}
