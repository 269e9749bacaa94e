import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { RelayError } from '@postern/protocol'
import { type BridgeConfiguration, mergeConfigurations } from './configuration.ts'
import { parseConfiguration } from './parse-configuration.ts'

/** Where configuration comes from. */
export interface ConfigurationSources {
  /** `-f`: in place of the user's file. */
  readonly file?: string
  /** `--svc`: the service's file in place of the user's, if it is there. `-f` wins. */
  readonly isService?: boolean
  /** `-o Key:Value` texts. */
  readonly settings?: readonly string[]
  /** Default: azbridge's places. */
  readonly places?: ConfigurationPlaces
}

/** The files that are read when they exist. */
export interface ConfigurationPlaces {
  /** Of the machine: always read, first. */
  readonly machine: string
  /** Of the user: read unless `-f` names another. */
  readonly user: string
  /** Of the service. */
  readonly service: string
}

/** Where azbridge looks on Linux, on macOS and on Windows. */
export function configurationPlaces(
  platform: NodeJS.Platform = process.platform,
  env: NodeJS.ProcessEnv = process.env,
): ConfigurationPlaces {
  if (platform === 'win32') {
    const [machine, user] = [env['ProgramData'] ?? 'C:\\ProgramData', env['APPDATA'] ?? homedir()]
    return {
      machine: `${machine}\\azbridge\\azbridge_config.machine.yml`,
      user: `${user}\\azbridge\\azbridge_config.yml`,
      service: `${machine}\\Microsoft\\Azure Relay Bridge\\azbridge_config.svc.yml`,
    }
  }
  return {
    machine: '/etc/azbridge/azbridge_config.machine.yml',
    user: join(env['HOME'] ?? homedir(), '.azbridge', 'azbridge_config.yml'),
    service: '/etc/azbridge/azbridge_config.svc.yml',
  }
}

/**
 * Reads the configuration files in azbridge's order (machine, then user, service or `-f`, then `-o`) into one
 * configuration.
 *
 * @throws {RelayError} InvalidConfiguration when a file that `-f` names is not there, or one has problems.
 */
export async function loadConfiguration(sources: ConfigurationSources): Promise<BridgeConfiguration> {
  const { settings = [], places = configurationPlaces() } = sources
  let configuration = (await readIfThere(places.machine)) ?? {}
  configuration = mergeConfigurations(configuration, await readOwn(sources, places))
  if (settings.length === 0) return configuration
  return mergeConfigurations(configuration, parseConfiguration(settings.map(settingLine).join('\n'), '-o'))
}

/** `Key:Value`, `Key: Value` or `Key=Value` as a line of YAML; a value may have colons. */
function settingLine(setting: string): string {
  const [, key, value] = /^\s*([A-Za-z]+)\s*[:=]\s*(.*)$/s.exec(setting) ?? []
  if (key === undefined || value === undefined) {
    throw invalid(`-o "${setting}": must be Key:Value. Example: -o ConnectTimeout:10`)
  }
  return /^[[{'"]/.test(value) ? `${key}: ${value}` : `${key}: ${JSON.stringify(value)}`
}

async function readOwn(
  { file, isService = false }: ConfigurationSources,
  places: ConfigurationPlaces,
): Promise<BridgeConfiguration> {
  if (file !== undefined) return readNamed(file)
  return (isService ? await readIfThere(places.service) : undefined) ?? (await readIfThere(places.user)) ?? {}
}

async function readIfThere(path: string): Promise<BridgeConfiguration | undefined> {
  try {
    return parseConfiguration(await readFile(path, 'utf8'), path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'ENOTDIR')
      return undefined
    throw error instanceof RelayError ? error : unreadable(path, error)
  }
}

async function readNamed(path: string): Promise<BridgeConfiguration> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    throw unreadable(path, error)
  }
  return parseConfiguration(text, path)
}

function unreadable(path: string, cause: unknown): RelayError {
  return invalid(`The configuration file ${path} cannot be read: ${(cause as Error).message}`, cause)
}

function invalid(message: string, cause?: unknown): RelayError {
  return new RelayError('InvalidConfiguration', { message, cause })
}
