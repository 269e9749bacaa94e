import { randomUUID } from 'node:crypto'
import { isRelayError, RelayError } from '@postern/protocol'
import type { Hcm } from '../../domain/hcm.ts'
import { listenerRoleId } from '../../identity/roles/built-in-roles.ts'
import type { ManagementParts } from '../management-parts.ts'
import { entityOfId, type FoundEntity } from './served-hybrid-connections.ts'

/** In one relay; each costs a heartbeat every half minute. */
const maxHcms = 10_000

export interface WantedHcm {
  /** GUID in lower case. */
  readonly id: string
  readonly name: string
  readonly subscriptionId: string
  readonly version?: string
  /** PEM that was read before: nothing is begun for a key that cannot be. */
  readonly publicKey: string
  readonly entities: readonly FoundEntity[]
  /** Principal on whose word it gets its roles. */
  readonly by: string
}

/**
 * Gives a Hybrid Connection Manager an identity, a document, and the role of a listener at each of its hybrid connections.
 * What fails half-way is taken back.
 * @throws {RelayError} QuotaExceeded, ResourceConflict when there is one of this id
 */
export async function enrolHcm(parts: ManagementParts, wanted: WantedHcm): Promise<Hcm> {
  const { store, documents, identity, now } = parts
  if (documents.list('hcm').length >= maxHcms) {
    throw new RelayError('QuotaExceeded', { message: `There are ${maxHcms} Hybrid Connection Managers already` })
  }
  const { id, name, subscriptionId, version, publicKey } = wanted
  const principal = await identity.directory.create({ kind: 'hcm', displayName: name })
  const createdAt = now()
  const dates = { createdAt, updatedAt: createdAt }
  const hcm: Hcm = {
    id,
    name,
    subscriptionId,
    principalId: principal.id,
    ...(version !== undefined && { version }),
    entities: [],
    ...dates,
  }
  try {
    await identity.directory.addKey(principal.id, publicKey, { displayName: 'enrolment' })
    await putNew(parts, hcm)
    for (const entity of wanted.entities) await allowToListen(parts, hcm, { entity, by: wanted.by })
    return hcm
  } catch (error) {
    await parts.roleChanges.unassignAll(principal.id)
    await identity.directory.delete(principal.id)
    const standing = documents.get('hcm', id)
    if (standing?.document.value.principalId === principal.id) await store.delete(standing.key)
    throw error
  }
}

/** Makes a Hybrid Connection Manager a listener at a hybrid connection; one that is stays one. */
export async function allowToListen(
  parts: Pick<ManagementParts, 'roleChanges' | 'catalog' | 'store'>,
  { principalId, name }: Pick<Hcm, 'principalId' | 'name'>,
  { entity, by }: { readonly entity: FoundEntity; readonly by: string },
): Promise<void> {
  try {
    const { stored } = await parts.roleChanges.assign({
      id: randomUUID(),
      scope: entity.id,
      roleDefinitionId: listenerRoleId,
      principalId,
      principalType: 'ServicePrincipal',
      description: `Hybrid Connection Manager ${name}`,
      by,
    })
    // Deleted while we wrote: what takes its name next is another one.
    if (!entityOfId(parts, entity.id)) await parts.store.delete(stored.key)
  } catch (error) {
    if (!isRelayError(error, 'RoleAssignmentExists')) throw error
  }
}

/**
 * Takes everything from a Hybrid Connection Manager: roles first, so that its channels are cut whatever comes after.
 * False when there was none.
 */
export async function revokeHcm(parts: ManagementParts, id: string): Promise<boolean> {
  const stored = parts.documents.get('hcm', id)
  if (stored === undefined) return false
  const { principalId } = stored.document.value
  await parts.roleChanges.unassignAll(principalId)
  await parts.identity.directory.delete(principalId)
  return parts.store.delete(stored.key)
}

async function putNew({ store }: Pick<ManagementParts, 'store'>, value: Hcm): Promise<void> {
  try {
    await store.put({ kind: 'hcm', value }, 'absent')
  } catch (error) {
    if (!isRelayError(error, 'PreconditionFailed')) throw error
    throw new RelayError('ResourceConflict', { message: `There is a Hybrid Connection Manager ${value.id} already` })
  }
}
