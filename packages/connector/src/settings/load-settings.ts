import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { loadOptions, type OptionFlags, Secret } from '@postern/program'
import { RelayError } from '@postern/protocol'
import type { ConnectorEndpoint } from '../connector-options.ts'
import { type AppCredential, parseAppCredential } from '../sources/app-credential.ts'
import { readConnectionArgument, readSecretFile } from './connection-argument.ts'
import { type ConnectorFile, parseConnectorFile } from './connector-file.ts'
import { type ConnectorOptionValues, connectorOptionTable } from './option-table.ts'

/** Where a connector is told what to do. */
export interface SettingsSources {
  /** `-f`. Default: `POSTERN_CONNECTOR_CONFIG`. */
  readonly file?: string | undefined
  /** `-x`. Default: `POSTERN_CONNECTION_STRINGS`, one in a line. */
  readonly connections?: readonly string[]
  readonly flags?: OptionFlags
  /** Default: `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** Everything that a connector is told. */
export interface ConnectorSettings {
  readonly endpoints: readonly ConnectorEndpoint[]
  readonly apps: readonly AppCredential[]
  readonly options: ConnectorOptionValues
  /** Folder of state and control socket. */
  readonly stateFolder: string
}

/**
 * Gathers the settings of flags, environment and file.
 *
 * @throws {RelayError} InvalidConfiguration with everything that is wrong and where it stands.
 */
export function loadConnectorSettings(sources: SettingsSources): ConnectorSettings {
  const { env = process.env, flags = {}, connections = [] } = sources
  const path = sources.file ?? (env['POSTERN_CONNECTOR_CONFIG'] || undefined)
  const file = path === undefined ? undefined : parseConnectorFile(path, readSecretFile(path))
  const { values: options } = loadOptions(connectorOptionTable, { flags, env, ...(file && { file }) })
  const given = connections.length > 0 ? connections : linesOf(env['POSTERN_CONNECTION_STRINGS'])
  const origin = connections.length > 0 ? '-x' : 'POSTERN_CONNECTION_STRINGS'
  const endpoints = [
    ...(file ? endpointsOf(file) : []),
    ...given.flatMap((argument) => readConnectionArgument(argument, origin)),
  ]
  return {
    endpoints,
    apps: options.apps.map((name) => parseAppCredential(readSecretFile(name), name)),
    options,
    stateFolder: options.stateDir ?? defaultStateFolder(env),
  }
}

/** @throws {RelayError} InvalidConfiguration when nothing is to be led anywhere. */
export function demandEndpoints({ endpoints, apps }: ConnectorSettings): void {
  if (endpoints.length + apps.length > 0) return
  throw new RelayError('InvalidConfiguration', {
    message:
      'Nothing says which endpoints there are: give a file (-f connector.yml), connection strings (-x "db.corp:5432=Endpoint=sb://...") or the credential of an app (--app FILE)',
  })
}

/** Where a connector keeps its state unless it is told. */
export function defaultStateFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  if (process.getuid?.() === 0) return '/var/lib/postern-connector'
  return join(env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'postern-connector')
}

function endpointsOf({ path, endpoints }: ConnectorFile): readonly ConnectorEndpoint[] {
  return endpoints.map(({ connectionString, ...rest }) => ({
    ...rest,
    connectionString: new Secret(
      connectionString.startsWith('@')
        ? readSecretFile(resolve(dirname(path), connectionString.slice(1)))
        : connectionString,
    ),
    origin: path,
  }))
}

function linesOf(text = ''): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}
