import { RelayError } from '@postern/protocol'
import { rootRuleName, withRule } from '../../domain/authorization-rule.ts'
import type { Namespace } from '../../domain/namespace.ts'
import { openNetworkAccess } from '../../domain/network-access.ts'
import { plainLocation } from '../../domain/resource-placement.ts'
import type { StoredDocument } from '../../storage/resource-store.ts'
import type { ArmCall } from '../arm-call.ts'
import type { ManagementParts } from '../management-parts.ts'
import { findResourceGroup } from '../resources/find-resource-group.ts'
import { nameIn } from '../resources/resource-handlers.ts'
import { writeDocument } from '../write-document.ts'
import { isPlacedAt, namespaceNotFound } from './find-namespace.ts'
import { nameAvailability } from './name-availability.ts'

/** What a PUT or PATCH may say of a namespace; what is left out of a PATCH stays. */
export interface NamespaceChange {
  readonly location?: string
  readonly tags?: Readonly<Record<string, string>> | null | undefined
  readonly properties?:
    | {
        readonly publicNetworkAccess?:
          | Namespace['network']['publicNetworkAccess']
          | 'SecuredByPerimeter'
          | null
          | undefined
        readonly minimumTlsVersion?: '1.2' | '1.3' | null | undefined
      }
    | null
    | undefined
}

type Written = {
  readonly stored: StoredDocument<'namespace'>
  readonly previous: StoredDocument<'namespace'> | undefined
}

/**
 * Creates a namespace with the rule that Azure gives each, or replaces the tags of a standing one.
 * @throws {RelayError} ResourceGroupNotFound, RequestContentInvalid, NameInUse, ResourceConflict, PreconditionFailed
 */
export async function putNamespace(
  parts: ManagementParts,
  call: Pick<ArmCall, 'params' | 'ifMatch' | 'ifNoneMatch'>,
  change: NamespaceChange & { readonly location: string },
): Promise<Written> {
  const { documents } = parts
  const { params } = call
  const { group } = findResourceGroup(documents, nameIn(params, 'subscriptionId'), nameIn(params, 'resourceGroupName'))
  const name = nameIn(params, 'namespaceName')
  refuseForeign(documents.get('namespace', name), call)
  const publicNetworkAccess = publicAccess(parts, change)
  if (!documents.get('namespace', name)) await removeLeftovers(parts, name)
  return writeDocument(parts, call, {
    kind: 'namespace',
    path: [name],
    make: (standing) => {
      refuseForeign(standing, call)
      const now = parts.now()
      const before = standing?.document.value
      if (before) refuseMove(before, change.location)
      else refuseUnavailable(parts, name)
      const network = before?.network ?? openNetworkAccess
      return {
        hosts: [],
        isDefault: false,
        rules: withRule([], { name: rootRuleName, rights: ['Listen', 'Send', 'Manage'] }),
        privateEndpointConnections: [],
        ingress: [],
        name,
        subscriptionId: group.subscriptionId,
        resourceGroup: group.name,
        location: change.location,
        createdAt: now,
        ...before,
        tags: change.tags ?? {},
        network: { ...network, publicNetworkAccess: publicNetworkAccess ?? network.publicNetworkAccess },
        updatedAt: now,
      }
    },
  })
}

/** @throws {RelayError} ResourceNotFound, RequestContentInvalid, ResourceConflict, PreconditionFailed */
export async function patchNamespace(
  parts: ManagementParts,
  call: Pick<ArmCall, 'params' | 'ifMatch' | 'ifNoneMatch'>,
  change: NamespaceChange,
): Promise<Written> {
  const name = nameIn(call.params, 'namespaceName')
  const publicNetworkAccess = publicAccess(parts, change)
  return writeDocument(parts, call, {
    kind: 'namespace',
    path: [name],
    make: (standing) => {
      const before = standing?.document.value
      if (!before || !isPlacedAt(before, call.params)) {
        throw namespaceNotFound(name, nameIn(call.params, 'resourceGroupName'))
      }
      return {
        ...before,
        tags: change.tags ?? before.tags,
        network: { ...before.network, publicNetworkAccess: publicNetworkAccess ?? before.network.publicNetworkAccess },
        updatedAt: parts.now(),
      }
    },
  })
}

/** A name of another subscription or group, whatever If-Match says and whoever declared it. */
function refuseForeign(standing: StoredDocument<'namespace'> | undefined, { params }: Pick<ArmCall, 'params'>): void {
  if (standing && !isPlacedAt(standing.document.value, params)) throw nameInUse(standing.document.value.name)
}

function refuseUnavailable(parts: ManagementParts, name: string): void {
  const { nameAvailable, reason, message } = nameAvailability(parts, name)
  if (nameAvailable) return
  if (reason === 'InvalidName') throw new RelayError('RequestContentInvalid', { message: message ?? '' })
  throw nameInUse(name)
}

function nameInUse(name: string): RelayError {
  return new RelayError('NameInUse', {
    message: `The namespace name ${name} is in use; names are unique over all subscriptions`,
  })
}

function refuseMove({ name, location }: Namespace, wanted: string): void {
  if (plainLocation(location) === plainLocation(wanted)) return
  throw new RelayError('ResourceConflict', {
    message: `The namespace ${name} is in location '${location}'; a namespace cannot be moved to '${wanted}'`,
  })
}

/** @returns what to store; undefined to leave it */
function publicAccess(
  { settings }: ManagementParts,
  { properties }: NamespaceChange,
): Namespace['network']['publicNetworkAccess'] | undefined {
  const { publicNetworkAccess, minimumTlsVersion } = properties ?? {}
  if (minimumTlsVersion && minimumTlsVersion > settings.minTlsVersion) {
    throw new RelayError('OperationNotSupported', {
      message: `This relay takes TLS ${settings.minTlsVersion} too; its option --tls-min-version sets that for all namespaces`,
    })
  }
  return supportedAccess(publicNetworkAccess)
}

/** @throws {RelayError} OperationNotSupported */
export function supportedAccess(
  access: Namespace['network']['publicNetworkAccess'] | 'SecuredByPerimeter' | null | undefined,
): Namespace['network']['publicNetworkAccess'] | undefined {
  if (access !== 'SecuredByPerimeter') return access ?? undefined
  throw new RelayError('OperationNotSupported', {
    message: 'There are no network security perimeters here; publicNetworkAccess can be Enabled or Disabled',
  })
}

/**
 * Deletes hybrid connections and ingress entries that a process which ended at the wrong moment left under a name: their rules must not open
 * the namespace of whoever takes the name next.
 */
async function removeLeftovers({ documents, store }: ManagementParts, name: string): Promise<void> {
  for (const { key, document } of documents.list('hybridConnection', name)) {
    if (document.origin !== 'declared') await store.delete(key)
  }
  for (const { key } of documents.list('ingress', name)) await store.delete(key)
}
