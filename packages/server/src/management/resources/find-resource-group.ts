import { RelayError, resourceGroupId } from '@postern/protocol'
import type { ResourceGroup } from '../../domain/resource-group.ts'
import type { DocumentCopy } from '../../storage/document-copy.ts'
import type { StoredDocument } from '../../storage/resource-store.ts'

/** A resource group as it is answered; one that nobody made has no revision. */
export type FoundGroup = Pick<StoredDocument<'resourceGroup'>, 'key'> & {
  readonly group: ResourceGroup
  readonly stored?: StoredDocument<'resourceGroup'>
}

/**
 * Finds a resource group: one that somebody made, or one in which the resources file put a namespace.
 * @throws {RelayError} ResourceGroupNotFound
 */
export function findResourceGroup(documents: DocumentCopy, subscriptionId: string, name: string): FoundGroup {
  const stored = documents.get('resourceGroup', subscriptionId, name)
  if (stored) return { key: stored.key, group: stored.document.value, stored }
  const implied = impliedGroups(documents).find(({ key }) => key === groupKey(subscriptionId, name))
  if (implied) return implied
  throw new RelayError('ResourceGroupNotFound', {
    message: `Resource group '${name.slice(0, 90)}' could not be found. Create it first`,
  })
}

/** All resource groups of a subscription, or of all, in key order. */
export function listResourceGroups(documents: DocumentCopy, subscriptionId?: string): readonly FoundGroup[] {
  const path = subscriptionId === undefined ? [] : [subscriptionId]
  const made = documents.list('resourceGroup', ...path).map(
    (stored): FoundGroup => ({
      key: stored.key,
      group: stored.document.value,
      stored,
    }),
  )
  const keys = new Set(made.map(({ key }) => key))
  const prefix = subscriptionId === undefined ? '' : groupKey(subscriptionId, '')
  const implied = impliedGroups(documents).filter(({ key }) => !keys.has(key) && key.startsWith(prefix))
  return [...made, ...implied].toSorted((a, b) => (a.key < b.key ? -1 : 1))
}

/** `/subscriptions/{s}/resourceGroups/{g}` of a group. */
export function idOfGroup({ subscriptionId, name }: ResourceGroup): string {
  return resourceGroupId({ subscriptionId, resourceGroup: name })
}

/** Groups of declared namespaces: the resources file has no list of them. */
function impliedGroups(documents: DocumentCopy): readonly FoundGroup[] {
  const groups = new Map<string, FoundGroup>()
  for (const { document } of documents.list('namespace')) {
    const { subscriptionId, resourceGroup, location, createdAt, updatedAt } = document.value
    const key = groupKey(subscriptionId, resourceGroup)
    if (groups.has(key)) continue
    groups.set(key, { key, group: { subscriptionId, name: resourceGroup, location, tags: {}, createdAt, updatedAt } })
  }
  return [...groups.values()]
}

function groupKey(subscriptionId: string, name: string): string {
  return `rg/${subscriptionId}/${name}`.toLowerCase()
}
