import { yamlFault } from '@postern/program'
import { RelayError } from '@postern/protocol'
import { isMap, parseDocument } from 'yaml'
import { parseAllowRule } from '../targets/allow-list.ts'
import type { BridgeConfiguration } from './configuration.ts'
import { connectionStringKind, readLocalForward, readRemoteForward } from './read-forwards.ts'
import { type ConfigurationProblem, MapReader } from './read-node.ts'
import { booleanKind, hostKind, integerKind, nameKind, textKind, wordKind } from './scalar-kinds.ts'

/** Thousands of forwards fit; beyond it a wrong file was named. */
const maxFileLength = 1_048_576

const logLevels = ['none', 'quiet', 'fatal', 'error', 'info', 'verbose', 'debug', 'debug1', 'debug2', 'debug3'] as const

/**
 * Reads a configuration file in azbridge's grammar (YAML or JSON); `fileName` is only for messages.
 *
 * @throws {RelayError} InvalidConfiguration with all problems, a line each: file:line:column and what to write instead.
 *   Keys and connection strings are never repeated.
 */
export function parseConfiguration(text: string, fileName: string): BridgeConfiguration {
  const problems: ConfigurationProblem[] = []
  const configuration = read(text, problems)
  if (problems.length === 0) return configuration
  const lines = [...problems]
    .sort((one, other) => one.offset - other.offset)
    .map(({ offset, message }) => `${fileName}:${lineAndColumn(text, offset)} ${message}`)
  throw new RelayError('InvalidConfiguration', { message: lines.join('\n') })
}

function read(text: string, problems: ConfigurationProblem[]): BridgeConfiguration {
  if (text.length > maxFileLength) {
    problems.push({ offset: 0, message: `is longer than ${maxFileLength} characters: is it the right file?` })
    return {}
  }
  const document = parseText(text, problems)
  if (!document || problems.length > 0 || document.contents === null) return {}
  if (!isMap(document.contents)) {
    problems.push({ offset: 0, message: 'must be a map of keys and values, such as "LocalForward: ..."' })
    return {}
  }
  return readRoot(new MapReader(document, document.contents, problems))
}

function parseText(text: string, problems: ConfigurationProblem[]): ReturnType<typeof parseDocument> | undefined {
  try {
    const document = parseDocument(text, { prettyErrors: false, stringKeys: true })
    for (const { message, pos } of [...document.errors, ...document.warnings]) {
      // The parser repeats what it read: that may be a key.
      problems.push({ offset: pos[0], message: `is not valid YAML here: ${yamlFault(message)}` })
    }
    return document
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    problems.push({ offset: 0, message: 'is nested too deeply' })
    return undefined
  }
}

function readRoot(root: MapReader): BridgeConfiguration {
  const configuration = {
    ...root.read('AddressFamily', wordKind(['any', 'inet', 'inet6'] as const), 'addressFamily'),
    ...root.read('AzureRelayConnectionString', connectionStringKind, 'connectionString'),
    ...root.read('AzureRelayEndpoint', textKind, 'endpoint'),
    ...root.read('AzureRelaySharedAccessKeyName', nameKind, 'keyName'),
    ...root.read('AzureRelaySharedAccessKey', textKind, 'key'),
    ...root.read('AzureRelaySharedAccessSignature', textKind, 'signature'),
    ...root.read('BindAddress', hostKind, 'bindAddress'),
    ...root.read('ClearAllForwardings', booleanKind, 'clearAllForwardings'),
    ...root.read('ConnectionAttempts', integerKind(1, 10), 'connectionAttempts'),
    ...root.read('ConnectTimeout', integerKind(0, 120), 'connectTimeoutSeconds'),
    ...root.read('ExitOnForwardFailure', booleanKind, 'exitOnForwardFailure'),
    ...root.read('GatewayPorts', booleanKind, 'gatewayPorts'),
    ...root.read('KeepAliveInterval', integerKind(1, 3_600), 'keepAliveIntervalSeconds'),
    ...root.read('LogLevel', wordKind(logLevels), 'logLevel'),
    ...root.read('LogFileName', textKind, 'logFileName'),
    localForwards: root.list('LocalForward').flatMap((entry) => readLocalForward(entry) ?? []),
    remoteForwards: root.list('RemoteForward').flatMap((entry) => readRemoteForward(entry) ?? []),
    allowedTargets: root.texts('AllowedTargets'),
  }
  for (const rule of configuration.allowedTargets) {
    try {
      parseAllowRule(rule)
    } catch {
      root.problem(`AllowedTargets: "${rule}" must be HOST:PORT, HOST:FIRST-LAST or HOST:*`, 'AllowedTargets')
    }
  }
  root.finish()
  return configuration
}

function lineAndColumn(text: string, offset: number): string {
  const before = text.slice(0, offset)
  return `${before.split('\n').length}:${before.length - before.lastIndexOf('\n')}`
}
