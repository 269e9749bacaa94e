import type { ManagedRun } from '../managed-command.ts'

/** The namespaces of a resource group, or of the whole subscription when none is named on the command line. */
export async function listNamespaces({ client, values, subscriptionId }: ManagedRun): Promise<unknown> {
  const { 'resource-group': resourceGroupName } = values
  const namespaces =
    typeof resourceGroupName === 'string'
      ? client.items('Namespaces_ListByResourceGroup', { params: { subscriptionId, resourceGroupName } })
      : client.items('Namespaces_List', { params: { subscriptionId } })
  const all: unknown[] = []
  for await (const namespace of namespaces) all.push(namespace)
  return all
}
