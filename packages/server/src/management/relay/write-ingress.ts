import { namespaceId, RelayError } from '@postern/protocol'
import type { z } from 'zod'
import { canonicalAddress } from '../../domain/canonical-address.ts'
import type { IngressEntry, IngressUser } from '../../domain/ingress-entry.ts'
import { formatIngressGrant, isGranted } from '../../domain/ingress-grant.ts'
import type { EntryNaming } from '../../domain/ingress-places.ts'
import { ingressKey } from '../../domain/ingress-status.ts'
import type { Namespace } from '../../domain/namespace.ts'
import { type DeclaredIngress, ingressNameProblem, ingressOf, ingressProblems } from '../../storage/declared-ingress.ts'
import type { StoredDocument } from '../../storage/resource-store.ts'
import { standingIngress } from '../../storage/standing-ingress.ts'
import type { ArmCall } from '../arm-call.ts'
import type { ManagementParts } from '../management-parts.ts'
import { writeDocument } from '../write-document.ts'
import { parentNotFound } from './find-namespace.ts'
import { checkedAuthority, checkedCertificate } from './ingress-certificate.ts'
import type { ingressRoutes } from './ingress-routes.ts'

type PutRoute = Extract<(typeof ingressRoutes)[number], { readonly id: 'Ingress_CreateOrUpdate' }>

/** What a PUT asks for. */
export type WantedIngressSettings = z.infer<PutRoute['body']>['properties']

/** As in the resources file. */
const maxEntries = 1024

/** Two entries must not look at the same free place at once: all writers of this process take turns. */
const turnKey = 'ingress places'

/**
 * Writes an entry if it may be there.
 * @throws {RelayError} RequestContentInvalid, PortNotGranted when the port is not granted, ResourceConflict with the
 * name of the entry that has the place, ResourceLimitReached, PreconditionFailed, ParentResourceNotFound
 */
export function writeIngress(
  parts: ManagementParts,
  call: ArmCall,
  wanted: { readonly namespace: Namespace; readonly name: string; readonly settings: WantedIngressSettings },
): Promise<StoredDocument<'ingress'>> {
  const { documents, store } = parts
  const { namespace, name, settings } = wanted
  return documents.writers.run(turnKey, async () => {
    const { stored } = await writeDocument(parts, call, {
      kind: 'ingress',
      path: [namespace.name, name],
      make: (standing) => {
        const before = standing?.document.value
        const entry = entryOf(before?.name ?? name, settings, before?.entry)
        demandGrant(parts, entry)
        demandTls(parts, entry)
        if (!before) refuseMore(parts, namespace)
        refusePlace(parts, call, namespace, entry)
        const now = parts.now()
        return {
          namespace: namespace.name,
          name: entry.name,
          entry,
          createdAt: before?.createdAt ?? now,
          updatedAt: now,
        }
      },
    })
    // A namespace that was deleted while we wrote must not leave a port to whoever takes its name next.
    const owner = documents.get('namespace', namespace.name)?.document.value
    if (owner?.createdAt.getTime() === namespace.createdAt.getTime()) return stored
    await store.delete(stored.key, { revision: stored.revision })
    throw parentNotFound(namespace.name)
  })
}

/** @throws {RelayError} RequestContentInvalid */
function entryOf(name: string, wanted: WantedIngressSettings, standing: IngressEntry | undefined): IngressEntry {
  const { users, address, clientCertificates: _, clientAuthorityPem, certificate, ...settings } = wanted
  const nameProblem = ingressNameProblem(name)
  if (nameProblem !== undefined) throw invalid(`The name of an ingress entry ${nameProblem}`)
  const problem = settingsProblem(wanted)
  if (problem !== undefined) throw invalid(problem)
  const declared = {
    ...settable(settings),
    name,
    ...(address !== undefined && { address: spelt(address) }),
    ...(users && { users: usersOf(users, standing) }),
  }
  // The rules are those of an authority in a file.
  const [fault] = ingressProblems({ ...declared, clientCertificates: clientAuthorityPem })
  if (fault) throw invalid(`${fault[0]} ${fault[1]}`)
  const [entry] = ingressOf([declared])
  if (!entry) throw new TypeError('one entry makes one entry')
  return {
    ...entry,
    ...(clientAuthorityPem !== undefined && { clientAuthorityPem: checkedAuthority(clientAuthorityPem) }),
    ...(certificate && { certificate: checkedCertificate(certificate, standing?.certificate) }),
  }
}

/** What only the management API says of an entry; undefined when nothing is wrong. */
function settingsProblem(wanted: WantedIngressSettings): string | undefined {
  const { access, allow, users, address, tls, clientCertificates, clientAuthorityPem, certificate } = wanted
  if (clientCertificates !== undefined) {
    return 'clientCertificates: a file of the relay is named in its resources file only; write clientAuthorityPem'
  }
  if (tls === 'terminate' && !certificate) {
    return 'tls: terminate needs a certificate here: those of the relay itself are for its resources file; without terminate bytes pass through'
  }
  if (certificate && tls !== 'terminate') return 'certificate is of use only with tls: terminate'
  // Beside an entry of the file with one address it would be found to be taken only when it is bound, by whoever comes second.
  if (address !== undefined && isEveryAddress(spelt(address))) {
    return 'address: leave it out for all addresses of the machine'
  }
  const isGuarded = [allow, users, clientAuthorityPem].some((guard) => guard !== undefined)
  return isGuarded || access !== undefined ? undefined : unguarded
}

/** @throws {RelayError} RequestContentInvalid when one has no hash, and had none before */
function usersOf(
  users: NonNullable<WantedIngressSettings['users']>,
  standing: IngressEntry | undefined,
): readonly IngressUser[] {
  const known = new Map(standing?.users?.map((user) => [user.name, user.passwordHash]))
  return users.map((user) => {
    const passwordHash = user.passwordHash ?? known.get(user.name)
    if (passwordHash !== undefined) return { name: user.name, passwordHash }
    throw invalid(`users: ${user.name} has no passwordHash; write what \`postern ingress password\` prints`)
  })
}

/** In the one spelling, unless it says by which interface it is reached. */
function spelt(address: string): string {
  return address.includes('%') ? address : (canonicalAddress(address) ?? address)
}

function isEveryAddress(address: string): boolean {
  return address === '0.0.0.0' || address === '::'
}

/** Without what is of answers. */
function settable({
  origin: _origin,
  provisioningState: _state,
  statusMessage: _message,
  boundPort: _port,
  createdAt: _createdAt,
  updatedAt: _updatedAt,
  ...settings
}: Omit<
  WantedIngressSettings,
  'users' | 'address' | 'clientCertificates' | 'clientAuthorityPem' | 'certificate'
>): Omit<DeclaredIngress, 'name' | 'users'> {
  return settings
}

const unguarded =
  'access is missing, and nothing guards this port; write allow: ["203.0.113.0/24"] (who may come), users (with hosts) or clientAuthorityPem (with tls: terminate), or access: open to let everybody in'

/** @throws {RelayError} PortNotGranted */
function demandGrant({ settings }: ManagementParts, entry: IngressEntry): void {
  const { ingressGrants } = settings
  if (isGranted(ingressGrants, entry)) return
  const place = `port ${entry.port} (${entry.protocol})${entry.address === undefined ? '' : ` of ${entry.address}`}`
  const granted =
    ingressGrants.length === 0 ? 'none' : `only ${ingressGrants.map(formatIngressGrant).join(', ')}`.slice(0, 500)
  throw new RelayError('PortNotGranted', {
    message: `This relay does not let the management API open ${place}, but ${granted}; its option --ingress-ports says which`,
  })
}

/** @throws {RelayError} RequestContentInvalid */
function demandTls({ settings }: ManagementParts, { tls }: IngressEntry): void {
  if (tls !== 'terminate' || settings.endsTls) return
  throw invalid(
    'tls: this relay runs with --tls off and ends no TLS; leave terminate out, and end TLS at the target or in front',
  )
}

/** @throws {RelayError} ResourceLimitReached */
function refuseMore({ documents }: ManagementParts, { name }: Namespace): void {
  if (documents.list('ingress', name).length < maxEntries) return
  throw new RelayError('ResourceLimitReached', {
    message: `The namespace ${name} has ${maxEntries} ingress entries already; it cannot have more`,
  })
}

/** @throws {RelayError} RequestContentInvalid, ResourceConflict */
function refusePlace(parts: ManagementParts, call: ArmCall, namespace: Namespace, entry: IngressEntry): void {
  const { documents, settings, doorPorts } = parts
  if (!documents.get('hybridConnection', namespace.name, entry.hybridConnection)) {
    throw invalid(`hybridConnection: the namespace has no hybrid connection ${entry.hybridConnection}`)
  }
  if (entry.protocol === 'tcp' && doorPorts().includes(entry.port)) {
    throw new RelayError('ResourceConflict', { message: `Port ${entry.port} is a door of the relay itself` })
  }
  const { places } = standingIngress(documents, settings.ingressGrants, ingressKey(namespace.name, entry.name))
  const naming = namingFor(parts, call, namespace)
  const message = places.clashOf(entry, naming) ?? places.overlapOf(entry, namespace.name, naming)
  if (message !== undefined) throw new RelayError('ResourceConflict', { message })
}

/** Entries of other namespaces have a name for those who may read it. */
function namingFor({ documents }: ManagementParts, call: ArmCall, namespace: Namespace): EntryNaming {
  return ({ owner, place }) => {
    const other = documents.get('namespace', owner)?.document.value
    if (!other || other.name === namespace.name) return `"${place.name}"`
    const isKnown = call.may('Microsoft.Relay/namespaces/ingress/read', namespaceId(other, other.name))
    return isKnown ? `"${place.name}" of namespace ${other.name}` : 'an entry of another namespace'
  }
}

function invalid(message: string): RelayError {
  return new RelayError('RequestContentInvalid', { message })
}
