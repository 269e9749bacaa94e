import type { Reply } from '@postern/management'
import type { ManagedRun } from '../managed-command.ts'

/** A hybrid connection as an app has it. */
export type AttachedHybridConnection = Reply<'WebApps_GetHybridConnection'>

/** The app of `--name`, `--resource-group` and `--slot`. */
export interface AppPlace {
  readonly params: { readonly subscriptionId: string; readonly resourceGroupName: string; readonly name: string }
  readonly slot: string | undefined
}

export function appPlace({ values, subscriptionId }: Pick<ManagedRun, 'values' | 'subscriptionId'>): AppPlace {
  const { slot } = values
  return {
    params: { subscriptionId, resourceGroupName: String(values['resource-group']), name: String(values['name']) },
    slot: typeof slot === 'string' ? slot : undefined,
  }
}

/** `postern webapp hybrid-connection list` */
export async function listAppHybridConnections(run: ManagedRun): Promise<readonly AttachedHybridConnection[]> {
  const { params, slot } = appPlace(run)
  const { value } =
    slot === undefined
      ? await run.client.call('WebApps_ListHybridConnections', { params })
      : await run.client.call('WebApps_ListHybridConnectionsSlot', { params: { ...params, slot } })
  return value
}

/** `postern webapp hybrid-connection show` */
export function showAppHybridConnection(run: ManagedRun): Promise<AttachedHybridConnection> {
  const { slot } = appPlace(run)
  const params = attachedParams(run)
  return slot === undefined
    ? run.client.call('WebApps_GetHybridConnection', { params })
    : run.client.call('WebApps_GetHybridConnectionSlot', { params: { ...params, slot } })
}

/** `postern webapp hybrid-connection remove` */
export async function removeAppHybridConnection(run: ManagedRun): Promise<undefined> {
  const { slot } = appPlace(run)
  const params = attachedParams(run)
  if (slot === undefined) await run.client.call('WebApps_DeleteHybridConnection', { params })
  else await run.client.call('WebApps_DeleteHybridConnectionSlot', { params: { ...params, slot } })
  return undefined
}

/** The address of one hybrid connection of the app. An id of a namespace ends with its name. */
export function attachedParams(
  run: Pick<ManagedRun, 'values' | 'subscriptionId'>,
): AppPlace['params'] & { readonly namespaceName: string; readonly relayName: string } {
  const namespace = String(run.values['namespace'])
  return {
    ...appPlace(run).params,
    namespaceName: namespace.slice(namespace.lastIndexOf('/') + 1),
    relayName: String(run.values['hybrid-connection']),
  }
}
