import {
  type LoadedOptions,
  type Logger,
  loadOptions,
  managementVariables,
  type OptionFlags,
  type OptionTable,
  readOptionFile,
} from '@postern/program'
import { optionTable, type RelayConfig, relayConfig } from '@postern/server'

/** The option table of the relay, or the same with other defaults. */
export type RelayOptionTable = typeof optionTable

/** The settings of a relay, and where each came from. */
export interface RelaySettings {
  readonly config: RelayConfig
  readonly loaded: LoadedOptions<RelayOptionTable>
}

/**
 * For a developer's machine: lines for people, and Ctrl-C ends relayed connections at once instead of waiting for them.
 * Flags and environment win over it as over any default.
 */
export const developmentTable: RelayOptionTable = withDefaults(optionTable, { logFormat: 'text', drainTimeout: '0s' })

/** The same for `postern start`, which says itself what is worth saying. */
export const demoTable: RelayOptionTable = withDefaults(developmentTable, { logLevel: 'warn' })

/**
 * Reads the settings of a relay: flags > environment > file > default.
 * @throws {OptionsError} InvalidConfiguration with everything that is wrong
 */
export function readRelaySettings(
  table: RelayOptionTable,
  given: { readonly flags: OptionFlags; readonly file?: string | undefined; readonly env?: NodeJS.ProcessEnv },
): RelaySettings {
  const { flags, file, env = process.env } = given
  const loaded = loadOptions(table, { flags, env, ...(file !== undefined && { file: readOptionFile(file) }) })
  return { config: relayConfig(loaded.values), loaded }
}

/** Warns about variables that look like options and are none: the misspelt ones would go unnoticed. */
export function warnUnknownEnvironment({ loaded }: RelaySettings, log: Logger): void {
  const names = unknownEnvironment(loaded)
  if (names.length > 0) log.warn('config.unknown-environment', { names })
}

/** Variables that look like options of the relay and belong to nothing of ours. */
export function unknownEnvironment({ unknownEnvironment }: LoadedOptions<RelayOptionTable>): readonly string[] {
  return unknownEnvironment.filter((name) => !otherVariables.has(name) && !name.startsWith('POSTERN_HCM_'))
}

/** Those of other commands. */
const otherVariables: ReadonlySet<string> = new Set([
  'POSTERN_CONNECTION_STRING',
  'POSTERN_DEBUG',
  'POSTERN_NEW_MASTER_KEY',
  ...managementVariables,
])

function withDefaults<Table extends OptionTable>(
  table: Table,
  defaults: Readonly<Partial<Record<keyof Table, string>>>,
): Table {
  const rows = Object.entries(table).map(([name, row]) => [
    name,
    defaults[name] === undefined ? row : { ...row, default: defaults[name] },
  ])
  return Object.fromEntries(rows) as Table
}
