import { type ConnectorSettings, connectorOptionTable, loadConnectorSettings } from '@postern/connector'
import { addTableOptions, type OptionFlags, type OptionTable, typedFlags } from '@postern/program'
import { type Command, Option } from 'commander'

interface OwnFlags {
  readonly file?: string
  readonly connection: readonly string[]
  readonly verbose?: true
}

/** Adds the options that say which endpoints there are, and all of the connector's table. */
export function addSettingsFlags(command: Command, rows: readonly (keyof typeof connectorOptionTable)[]): void {
  command
    .option('-f, --file <FILE>', 'YAML file of endpoints and options; default: POSTERN_CONNECTOR_CONFIG')
    .addOption(
      new Option(
        '-x, --connection <TEXT>',
        'connection string of a hybrid connection; HOST:PORT=TEXT where its key may not ask for the endpoint; @FILE keeps it out of the list of processes; may be repeated',
      )
        .argParser((item: string, items: readonly string[]) => [...items, item])
        .default([], 'POSTERN_CONNECTION_STRINGS'),
    )
    .option('-v, --verbose', 'the same as --log-level debug')
  const table: OptionTable = connectorOptionTable
  const shown = Object.fromEntries(Object.entries(table).filter(([name]) => (rows as readonly string[]).includes(name)))
  addTableOptions(command, shown, Object.keys(shown))
}

/** The settings that a command was given. @throws {RelayError} InvalidConfiguration */
export function settingsOf(command: Command): ConnectorSettings {
  const { file, connection, verbose } = command.opts<OwnFlags>()
  const flags: OptionFlags = { ...(verbose && { logLevel: 'debug' }), ...typedFlags(command, connectorOptionTable) }
  return loadConnectorSettings({ file, connections: connection, flags })
}

/** True when a command was told which endpoints there are, and asks no running connector. */
export function hasOwnSettings(command: Command): boolean {
  const { file, connection } = command.opts<OwnFlags>()
  return file !== undefined || connection.length > 0 || command.getOptionValueSource('app') === 'cli'
}
