import type { LocalForward, RemoteForward } from '../forward.ts'

/** What a bridge configuration says, in azbridge's words; from a file, from `-o`, or from options. */
export interface BridgeConfiguration {
  /** Secret. */
  readonly connectionString?: string
  readonly endpoint?: string
  readonly keyName?: string
  /** Secret. */
  readonly key?: string
  /** Secret. */
  readonly signature?: string
  readonly addressFamily?: 'any' | 'inet' | 'inet6'
  readonly bindAddress?: string
  readonly clearAllForwardings?: boolean
  readonly connectionAttempts?: number
  readonly connectTimeoutSeconds?: number
  readonly exitOnForwardFailure?: boolean
  readonly gatewayPorts?: boolean
  readonly keepAliveIntervalSeconds?: number
  readonly logLevel?: BridgeLogLevel
  readonly logFileName?: string
  readonly localForwards?: readonly LocalForward[]
  readonly remoteForwards?: readonly RemoteForward[]
  readonly allowedTargets?: readonly string[]
}

/** azbridge's levels in lower case; NONE and QUIET are silent, VERBOSE and beyond tell each connection. */
export type BridgeLogLevel =
  | 'none'
  | 'quiet'
  | 'fatal'
  | 'error'
  | 'info'
  | 'verbose'
  | 'debug'
  | 'debug1'
  | 'debug2'
  | 'debug3'

/**
 * Puts a configuration over another one, as azbridge does: single values replace, forwards are added, and
 * `ClearAllForwardings` forgets the forwards that were there before. A credential forgets the other kind of credential.
 */
export function mergeConfigurations(under: BridgeConfiguration, over: BridgeConfiguration): BridgeConfiguration {
  const isClearing = over.clearAllForwardings === true
  const join = <T>(before: readonly T[] = [], added: readonly T[] = []): readonly T[] =>
    isClearing ? added : [...before, ...added]
  return {
    ...withoutRivals(under, over),
    ...over,
    localForwards: join(under.localForwards, over.localForwards),
    remoteForwards: join(under.remoteForwards, over.remoteForwards),
    allowedTargets: [...(under.allowedTargets ?? []), ...(over.allowedTargets ?? [])],
  }
}

/** A whole connection string starts anew; a signature replaces a key, and the other way round. */
function withoutRivals(under: BridgeConfiguration, over: BridgeConfiguration): BridgeConfiguration {
  const isAnew = over.connectionString !== undefined
  const hasKey = over.key !== undefined || over.keyName !== undefined
  const rivals = new Set<string>([
    ...(isAnew ? ['endpoint', 'keyName', 'key', 'signature'] : []),
    ...(over.signature !== undefined ? ['keyName', 'key'] : []),
    ...(hasKey ? ['signature'] : []),
  ])
  return Object.fromEntries(Object.entries(under).filter(([name]) => !rivals.has(name)))
}
