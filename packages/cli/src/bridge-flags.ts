import { readFile } from 'node:fs/promises'
import {
  type BridgeConfiguration,
  loadConfiguration,
  mergeConfigurations,
  parseHttpForward,
  parseLocalForward,
  parseOldRemoteForward,
  parseRemoteForward,
} from '@postern/bridge'
import { RelayError } from '@postern/protocol'

/** Options of `postern bridge` as commander hands them over. */
export interface BridgeFlags {
  readonly local: readonly string[]
  readonly remote: readonly string[]
  readonly remoteOld: readonly string[]
  readonly http: readonly string[]
  readonly allow: readonly string[]
  readonly connectionString?: string
  readonly endpoint?: string
  readonly keyName?: string
  readonly key?: string
  readonly signature?: string
  readonly file?: string
  readonly svc?: boolean
  readonly option: readonly string[]
  readonly bindAddress?: string
  readonly keepAlive?: string
  readonly gatewayPorts?: boolean
  readonly clearForwards?: boolean
  readonly logFile?: string
  readonly quiet?: boolean
  readonly verbose?: boolean
}

const maxKeepAliveSeconds = 3_600

/**
 * Puts the command line over the configuration files: single values replace, forwards are added.
 *
 * @throws {RelayError} InvalidConfiguration or InvalidConnectionString with what is wrong.
 */
export async function readBridgeConfiguration(flags: BridgeFlags): Promise<BridgeConfiguration> {
  const files = await loadConfiguration({
    settings: flags.option,
    isService: flags.svc ?? false,
    ...(flags.file !== undefined && { file: flags.file }),
  })
  return mergeConfigurations(files, await configurationOf(flags))
}

async function configurationOf(flags: BridgeFlags): Promise<BridgeConfiguration> {
  const { endpoint, keyName, bindAddress, logFile } = flags
  const [connectionString, key, signature] = await Promise.all([
    fromFile('-x', flags.connectionString),
    fromFile('-k', flags.key),
    fromFile('-s', flags.signature),
  ])
  const keepAliveIntervalSeconds = readKeepAlive(flags.keepAlive)
  const given = {
    connectionString,
    endpoint,
    keyName,
    key,
    signature,
    bindAddress,
    keepAliveIntervalSeconds,
    logFileName: logFile,
    gatewayPorts: flags.gatewayPorts,
    clearAllForwardings: flags.clearForwards,
    logLevel: levelOf(flags),
  }
  return {
    ...(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as BridgeConfiguration),
    localForwards: flags.local.map(parseLocalForward),
    remoteForwards: [
      ...flags.remote.map(parseRemoteForward),
      ...flags.remoteOld.map(parseOldRemoteForward),
      ...flags.http.map(parseHttpForward),
    ],
    allowedTargets: flags.allow,
  }
}

function levelOf({ quiet = false, verbose = false }: BridgeFlags): 'none' | 'verbose' | undefined {
  if (quiet) return 'none'
  return verbose ? 'verbose' : undefined
}

function readKeepAlive(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const seconds = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0
  if (seconds < 1 || seconds > maxKeepAliveSeconds) {
    throw invalid(`-a "${text}": must be seconds, from 1 to ${maxKeepAliveSeconds}`)
  }
  return seconds
}

/** What `@FILE` holds, or the text itself: other users see what stands on a command line. */
async function fromFile(option: string, text: string | undefined): Promise<string | undefined> {
  if (text === undefined || !text.startsWith('@')) return text
  const path = text.slice(1)
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (cause) {
    throw invalid(`${option} cannot read ${path}: ${(cause as Error).message}`, cause)
  }
}

function invalid(message: string, cause?: unknown): RelayError {
  return new RelayError('InvalidConfiguration', { message, cause })
}
