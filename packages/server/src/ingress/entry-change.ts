import { isDeepStrictEqual } from 'node:util'
import type { IngressEntry } from '../domain/ingress-entry.ts'
import { IngressGuard } from './ingress-guard.ts'

/** A device that has been let in. */
export interface AdmittedDevice {
  readonly address: string
  readonly user?: string | undefined
}

/**
 * What a new form of an entry means for devices that have come by the old one. `kept`: it is asked for each of them, see {@link staying}.
 * `other`: it leads elsewhere, or asks for other proofs; nothing that came by the old one says that it may come by this one.
 */
export type EntryChange = 'none' | 'kept' | 'other'

/** What counts for devices that are still to come, or can be asked of each that is here. */
const keptKeys: ReadonlySet<string> = new Set([
  'name',
  'access',
  'allow',
  'users',
  'maxConnections',
  'maxConnectionsPerSource',
  'connectionsPerSecondPerSource',
  'proxyProtocol',
  'trustedProxies',
  'certificate',
] satisfies (keyof IngressEntry)[])

/** What only grows is no loss to anybody. */
const growingKeys: ReadonlySet<string> = new Set(['sni', 'hosts'] satisfies (keyof IngressEntry)[])

/** Compares two forms of an entry. */
export function changeOf(before: IngressEntry, after: IngressEntry): EntryChange {
  let change: EntryChange = 'none'
  const keys = new Set([...Object.keys(before), ...Object.keys(after)] as (keyof IngressEntry)[])
  for (const key of keys) {
    const [old, now] = [before[key], after[key]]
    if (key === 'certificate' ? isSameCertificate(before, after) : isDeepStrictEqual(old, now)) continue
    if (!keptKeys.has(key) && !(growingKeys.has(key) && hasAll(now, old))) return 'other'
    change = 'kept'
  }
  return change
}

/** Says who of those that came by `before` may stay under `after`. */
export function staying(before: IngressEntry, after: IngressEntry): (device: AdmittedDevice) => boolean {
  const guard = new IngressGuard(after)
  const hashes = ({ users = [] }: IngressEntry): ReadonlyMap<string, string> =>
    new Map(users.map(({ name, passwordHash }) => [name, passwordHash]))
  const [old, now] = [hashes(before), hashes(after)]
  const isProven = (user: string | undefined): boolean =>
    after.users === undefined || (user !== undefined && old.has(user) && old.get(user) === now.get(user))
  return ({ address, user }) => guard.allows(address) && isProven(user)
}

/** Secrets compare as equal whatever they hold; a key belongs to one certificate. */
function isSameCertificate({ certificate: one }: IngressEntry, { certificate: other }: IngressEntry): boolean {
  return one?.certPem === other?.certPem && one?.keyPem.reveal() === other?.keyPem.reveal()
}

function hasAll(now: unknown, old: unknown): boolean {
  return Array.isArray(now) && Array.isArray(old) && old.every((each) => now.includes(each))
}
