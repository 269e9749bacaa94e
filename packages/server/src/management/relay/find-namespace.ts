import { RelayError } from '@postern/protocol'
import type { Namespace } from '../../domain/namespace.ts'
import type { DocumentCopy } from '../../storage/document-copy.ts'
import type { StoredDocument } from '../../storage/resource-store.ts'
import { findResourceGroup } from '../resources/find-resource-group.ts'
import { nameIn } from '../resources/resource-handlers.ts'

type Params = Readonly<Record<string, string>>

/** Whether a namespace is in the subscription and group of a path. A role there says nothing about one elsewhere. */
export function isPlacedAt({ subscriptionId, resourceGroup }: Namespace, params: Params): boolean {
  return (
    subscriptionId.toLowerCase() === nameIn(params, 'subscriptionId').toLowerCase() &&
    resourceGroup.toLowerCase() === nameIn(params, 'resourceGroupName').toLowerCase()
  )
}

/** The namespace that a path names; undefined also when it is in another subscription or group. */
export function namespaceAt(documents: DocumentCopy, params: Params): StoredDocument<'namespace'> | undefined {
  const stored = documents.get('namespace', nameIn(params, 'namespaceName'))
  return stored && isPlacedAt(stored.document.value, params) ? stored : undefined
}

/** @throws {RelayError} ResourceGroupNotFound, ResourceNotFound */
export function findNamespace(documents: DocumentCopy, params: Params): StoredDocument<'namespace'> {
  const stored = namespaceAt(documents, params)
  if (stored) return stored
  const group = findResourceGroup(documents, nameIn(params, 'subscriptionId'), nameIn(params, 'resourceGroupName'))
  throw namespaceNotFound(nameIn(params, 'namespaceName'), group.group.name)
}

/** The namespace that something under it is asked of. @throws {RelayError} ParentResourceNotFound */
export function parentNamespace(documents: DocumentCopy, params: Params): StoredDocument<'namespace'> {
  const stored = namespaceAt(documents, params)
  if (stored) return stored
  throw parentNotFound(nameIn(params, 'namespaceName'))
}

export function namespaceNotFound(name: string, group: string): RelayError {
  return new RelayError('ResourceNotFound', {
    message: `The Resource 'Microsoft.Relay/namespaces/${name.slice(0, 64)}' under resource group '${group}' was not found`,
  })
}

export function parentNotFound(name: string): RelayError {
  return new RelayError('ParentResourceNotFound', {
    message: `Can not perform requested operation on nested resource. Parent resource '${name.slice(0, 300)}' not found`,
  })
}
