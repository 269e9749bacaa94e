import {
  type ConnectorOptions,
  type ConnectorSettings,
  connectorOptionsOf,
  connectorOptionTable,
  demandEndpoints,
  loadConnectorSettings,
  runProgram,
  type SettingsSources,
  settingsEnvironment,
  type Way,
} from '@postern/connector'
import { addTableOptions, createLogger, RareLines, typedFlags } from '@postern/program'
import { RelayError } from '@postern/protocol'
import { type Command, Option } from 'commander'
import { networkOf } from '../connector/network-of.ts'
import { programName } from '../program-name.ts'

interface OwnFlags {
  readonly file?: string
  readonly connection?: readonly string[]
  readonly way: Way
  readonly ownNetwork?: boolean
}

/** Options of the table that mean something for one program. */
const shownOptions = [
  'apps',
  'framing',
  'carriers',
  'resumeTimeout',
  'resumeBuffer',
  'stateDir',
  'tls',
  'tlsCa',
  'proxy',
  'logLevel',
] as const

/** Adds `postern connector run`: a program, and its children, that see the endpoints by their names. */
export function configureConnectorRun(command: Command): void {
  const table = Object.fromEntries(shownOptions.map((name) => [name, connectorOptionTable[name]]))
  command
    .description('Runs a program that sees the endpoints by their names; nobody else sees them.')
    .argument('<program...>', 'program with its arguments; best behind --')
    .passThroughOptions()
    .option('-f, --file <file>', 'YAML file of endpoints and options. Default: POSTERN_CONNECTOR_CONFIG')
    .addOption(
      new Option(
        '-x, --connection <text>',
        'HOST:PORT=CONNECTION STRING, a connection string, or @FILE with them; repeat',
      ).argParser((text: string, before: readonly string[] | undefined) => [...(before ?? []), text]),
    )
    .addOption(
      new Option(
        '--way <way>',
        'namespace: a hosts file of its own; node, java: by its environment; auto: what there is',
      )
        .choices(['auto', 'namespace', 'node', 'java'])
        .default('auto'),
    )
    .option(
      '--own-network',
      'a network of its own that has nothing but the endpoints: for ports below 1024 and addresses',
    )
  addTableOptions(command, table, shownOptions)
  command.addHelpText('after', examples(programName())).action(async (program: readonly string[], flags: OwnFlags) => {
    process.exitCode = await run(program, flags, {
      file: flags.file,
      ...(flags.connection && { connections: flags.connection }),
      flags: typedFlags(command, table),
    })
  })
}

async function run(words: readonly string[], flags: OwnFlags, sources: SettingsSources): Promise<number> {
  const settings = loadConnectorSettings(sources)
  demandEndpoints(settings)
  return runProgram({
    command: demandProgram(words),
    way: flags.way,
    ownNetwork: flags.ownNetwork ?? false,
    connector: await quietConnectorOptions(settings),
    hookEnvironment: settingsEnvironment(sources),
    note: (line) => process.stderr.write(`postern connector: ${line}\n`),
  })
}

/** The terminal is the program's: life-cycle lines are not shown. */
async function quietConnectorOptions(settings: ConnectorSettings): Promise<ConnectorOptions> {
  const { logLevel } = settings.options
  const level = logLevel === 'info' ? 'warn' : logLevel
  return {
    ...connectorOptionsOf(settings),
    proxy: await networkOf(settings),
    logger: new RareLines(createLogger({ level, format: 'text' })),
  }
}

function demandProgram([program, ...args]: readonly string[]): readonly [string, ...string[]] {
  if (program === undefined) throw new RelayError('InvalidConfiguration', { message: 'Say which program: -- PROGRAM' })
  return [program, ...args]
}

function examples(postern: string): string {
  return `
Examples:
  ${postern} connector run -f connector.yml -- node app.js
  ${postern} connector run -x "db.corp:5432=$SEND" -- psql -h db.corp -U app
  ${postern} connector run --app app.json --own-network -- ssh admin@host.corp

Exit code, signals, terminal, working folder and environment are those of the program. No root is needed where the kernel
lets users make namespaces.`
}
