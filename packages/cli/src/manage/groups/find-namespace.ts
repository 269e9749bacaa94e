import { RelayError } from '@postern/protocol'
import type { ManagedRun } from '../managed-command.ts'

/** A namespace, as the paths of its hybrid connections name it. */
export interface FoundNamespace {
  readonly id: string
  readonly params: {
    readonly subscriptionId: string
    readonly resourceGroupName: string
    readonly namespaceName: string
  }
}

/**
 * Finds a namespace by its name anywhere in the subscription, as commands of apps name it, or by its id.
 * @throws {RelayError} NamespaceNotFound to whom it is not to be seen
 */
export async function findNamespace(
  { client, subscriptionId }: Pick<ManagedRun, 'client' | 'subscriptionId'>,
  nameOrId: string,
): Promise<FoundNamespace> {
  const wanted = nameOrId.toLowerCase().replace(/\/+$/, '')
  for await (const { id, name } of client.items('Namespaces_List', { params: { subscriptionId } })) {
    if (name.toLowerCase() === wanted || id.toLowerCase() === wanted) return namespaceOf(id)
  }
  throw new RelayError('ResourceNotFound', { message: `You can see no namespace ${nameOrId} in this subscription` })
}

/** Takes the id of a namespace, or of anything below it, apart. */
export function namespaceOf(id: string): FoundNamespace {
  const [, , subscriptionId = '', , resourceGroupName = '', , , , namespaceName = ''] = id.split('/')
  return { id: id.split('/').slice(0, 9).join('/'), params: { subscriptionId, resourceGroupName, namespaceName } }
}
