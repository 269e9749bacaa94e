import { hybridConnectionId, namespaceId, withoutTrailingSlashes } from '@postern/protocol'
import type { HybridConnection } from '../../domain/hybrid-connection.ts'
import type { ResourceCatalog } from '../../storage/resource-catalog.ts'
import type { Call } from '../call.ts'

/** What a call of the ATOM API is about. */
export type AtomSubject =
  /** The hybrid connections of the namespace. */
  | { readonly kind: 'list'; readonly entity: undefined; readonly scope: string }
  /** A hybrid connection that is read. */
  | { readonly kind: 'read'; readonly entity: HybridConnection | undefined; readonly scope: string }
  /** A hybrid connection that is made, changed or deleted. */
  | {
      readonly kind: 'write'
      readonly entity: HybridConnection | undefined
      readonly name: string
      readonly scope: string
    }
  | { readonly kind: 'other'; readonly entity: HybridConnection | undefined; readonly scope: string }

/** `$` is in no name: no hybrid connection can stand in the way. */
const listPath = '$resources/hybridconnections'

/**
 * Reads what a call of the ATOM API is about. Reads find the entity as senders do, by the longest name that the path begins
 * with; writes mean the whole path, so that nobody changes `a` who wanted to make `a/b`.
 */
export function atomSubject(call: Call, catalog: ResourceCatalog): AtomSubject {
  const { namespace, target, request, entity, scope } = call
  const path = withoutTrailingSlashes(target.path)
  const method = request.method ?? ''
  if (path.toLowerCase() === listPath) {
    const kind = method === 'GET' ? 'list' : 'other'
    return { kind, entity: undefined, scope: namespaceId(namespace, namespace.name) }
  }
  if (method === 'GET') return { kind: 'read', entity, scope }
  if (method !== 'PUT' && method !== 'DELETE') return { kind: 'other', entity, scope }
  const standing = catalog.get(namespace.name, path)
  const name = standing?.name ?? path
  return { kind: 'write', entity: standing, name, scope: hybridConnectionId(namespace, namespace.name, name) }
}
