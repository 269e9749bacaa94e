import { type TokenProvider, tokenProviderOf } from '@postern/client'
import type { Secret } from '@postern/program'
import { parseConnectionString, RelayError } from '@postern/protocol'
import type { HcmState, StoredHybridConnection } from '../state/hcm-state.ts'
import type { StateStore } from '../state/state-store.ts'

/** Names one hybrid connection of an HCM. */
export interface ConnectionName {
  /** Name or host name of the namespace; it may be left out while one hybrid connection has this name. */
  readonly namespace?: string | undefined
  readonly name: string
}

/** How the relay of a hybrid connection is addressed, and what it is shown. */
export interface StoredAccess {
  readonly port?: number | undefined
  readonly tokenProvider: TokenProvider | undefined
}

/** `host/name` in lower case: what tells hybrid connections of one HCM apart. */
export function keyOf({ host, path }: Pick<StoredHybridConnection, 'host' | 'path'>): string {
  return `${host}/${path}`.toLowerCase()
}

/** @throws {RelayError} InvalidConfiguration when the key of this machine does not open the connection string. */
export function accessOf(
  stored: StoredHybridConnection,
  {
    store,
    enrolledTokens,
  }: { readonly store: StateStore; readonly enrolledTokens?: (() => TokenProvider) | undefined },
): StoredAccess {
  if (stored.connectionString === undefined) return { port: stored.port, tokenProvider: enrolledTokens?.() }
  const parsed = parseConnectionString(store.key.unseal(stored.connectionString, keyOf(stored)).reveal())
  return { port: parsed.endpoint.port, tokenProvider: tokenProviderOf(parsed) }
}

/** The tokens of a connection string that leads where another one does, by another key; undefined for every other one. */
export function otherKeyOf(before: Secret, after: Secret): TokenProvider | undefined {
  const [old, wanted] = [parseConnectionString(before.reveal()), parseConnectionString(after.reveal())]
  const isSamePlace = old.endpoint.host === wanted.endpoint.host && old.endpoint.port === wanted.endpoint.port
  const isSameKey = old.keyName === wanted.keyName && old.key === wanted.key && old.signature === wanted.signature
  return isSamePlace && !isSameKey && tokenProviderOf(old) ? tokenProviderOf(wanted) : undefined
}

/** @throws {RelayError} ResourceNotFound, InvalidConfiguration when several are meant. */
export function findStored(state: HcmState, { namespace, name }: ConnectionName): StoredHybridConnection {
  const isMeant = ({ host, path }: StoredHybridConnection): boolean =>
    path.toLowerCase() === name.toLowerCase() &&
    (namespace === undefined || [host, host.split('.')[0]].includes(namespace.toLowerCase()))
  const [found, ...others] = state.hybridConnections.filter(isMeant)
  const wanted = namespace === undefined ? name : `${namespace}/${name}`
  if (!found) {
    const help = 'Those that there are: hcm status'
    throw new RelayError('ResourceNotFound', { message: `There is no hybrid connection ${wanted} here`, help })
  }
  if (others.length === 0) return found
  const flags = [found, ...others].map(({ host }) => `--namespace ${host}`).join(' or ')
  throw new RelayError('InvalidConfiguration', {
    message: `Several are called ${wanted}`,
    help: `Say which: ${flags}`,
  })
}
