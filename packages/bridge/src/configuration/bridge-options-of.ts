import { type ConnectionString, formatConnectionString, parseConnectionString, RelayError } from '@postern/protocol'
import type { BridgeOptions } from '../bridge.ts'
import type { BridgeConfiguration } from './configuration.ts'

/**
 * Turns a configuration into the options of a bridge; logging is left to the program.
 *
 * @param fallback connection string for a configuration that names neither one nor an endpoint.
 * @throws {RelayError} InvalidConnectionString when nothing says where the relay is.
 */
export function bridgeOptionsOf(configuration: BridgeConfiguration, fallback?: string): BridgeOptions {
  const { addressFamily = 'any', bindAddress, connectTimeoutSeconds = 0, keepAliveIntervalSeconds } = configuration
  const { localForwards = [], remoteForwards = [], allowedTargets = [] } = configuration
  const connectionString = connectionStringOf(configuration, fallback)
  const isNeeded = [...localForwards, ...remoteForwards].some((forward) => forward.connectionString === undefined)
  if (connectionString === undefined && (isNeeded || localForwards.length + remoteForwards.length === 0)) {
    throw new RelayError('InvalidConnectionString', {
      message: `No connection string: give -x 'Endpoint=sb://...', -x @FILE, -e URI with -K and -k, or AzureRelayConnectionString in the configuration file, or set POSTERN_CONNECTION_STRING.`,
    })
  }
  return {
    relay: {
      ...(connectionString !== undefined && { connectionString }),
      ...(addressFamily !== 'any' && { addressFamily: addressFamily === 'inet' ? 4 : 6 }),
      ...(connectTimeoutSeconds > 0 && { connectTimeoutMs: connectTimeoutSeconds * 1_000 }),
    },
    localForwards,
    remoteForwards,
    allowedTargets,
    ...pick(configuration, ['gatewayPorts', 'connectionAttempts', 'exitOnForwardFailure']),
    ...(bindAddress !== undefined && { sourceAddress: bindAddress }),
    ...(keepAliveIntervalSeconds !== undefined && { keepAliveIntervalMs: keepAliveIntervalSeconds * 1_000 }),
  }
}

/** Single values win over the parts of the connection string. */
function connectionStringOf(configuration: BridgeConfiguration, fallback: string | undefined): string | undefined {
  const { connectionString = fallback, endpoint } = configuration
  const base = connectionString === undefined ? undefined : parseConnectionString(connectionString)
  const place = endpoint === undefined ? base?.endpoint : parseConnectionString(`Endpoint=${endpoint}`).endpoint
  return place && formatConnectionString({ endpoint: place, ...credentialOf(configuration, base) })
}

type Credential = Pick<ConnectionString, 'keyName' | 'key' | 'signature' | 'authentication'>

function credentialOf(configuration: BridgeConfiguration, base: Credential = {}): Credential {
  const { signature, keyName = base.keyName, key = base.key } = configuration
  if (signature !== undefined) return { signature }
  if (base.signature !== undefined && configuration.key === undefined) return { signature: base.signature }
  if (keyName !== undefined && key !== undefined) return { keyName, key }
  if (keyName === undefined && key === undefined) return pick(base, ['authentication'])
  throw new RelayError('InvalidConfiguration', {
    message: 'A key needs its name, and a name its key: give both -K and -k',
  })
}

function pick<T extends object, K extends keyof T>(
  source: T,
  keys: readonly K[],
): { [P in K]?: Exclude<T[P], undefined> } {
  const entries = keys.flatMap((key) => (source[key] === undefined ? [] : [[key, source[key]]]))
  return Object.fromEntries(entries) as { [P in K]?: Exclude<T[P], undefined> }
}
