import type { OperationInput, PagedOperationId } from '@postern/management'
import type { ManagedRun } from '../managed-command.ts'

/** The resources of a kind in a resource group, or in the whole subscription when none is named. */
export async function listInGroup(
  { client, values, subscriptionId }: ManagedRun,
  inSubscription: PagedOperationId,
  inGroup: PagedOperationId,
): Promise<unknown> {
  const { 'resource-group': resourceGroupName } = values
  const isInGroup = typeof resourceGroupName === 'string'
  const params = { subscriptionId, ...(isInGroup && { resourceGroupName }) }
  const any = client as { items(id: string, input: OperationInput): AsyncIterable<unknown> }
  const all: unknown[] = []
  for await (const item of any.items(isInGroup ? inGroup : inSubscription, { params })) all.push(item)
  return all
}
