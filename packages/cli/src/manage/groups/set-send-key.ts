import { isManagementError, type Reply } from '@postern/management'
import { RelayError } from '@postern/protocol'
import type { ManagedRun } from '../managed-command.ts'
import { type FoundNamespace, findNamespace } from './find-namespace.ts'
import { appsThatUse } from './plan-hybrid-connections.ts'

/** `postern appservice hybrid-connection set-key`: each app keeps its rule and takes the wanted key of it. */
export async function setSendKey(run: ManagedRun): Promise<unknown> {
  const { values } = run
  const { params: namespace } = await findNamespace(run, String(values['namespace']))
  const relayName = String(values['hybrid-connection'])
  const { namespaceName } = namespace
  const apps = await appsThatUse(run, { namespaceName, relayName })
  if (apps.length === 0) {
    throw new RelayError('ResourceNotFound', { message: `No app of the plan uses ${namespaceName}/${relayName}` })
  }
  const keyType = values['key-type'] === 'secondary' ? 'secondary' : 'primary'
  const changed: unknown[] = []
  for (const { name, id } of apps) {
    const attachment = attachmentOf(run, id, { namespaceName, relayName })
    const { sendKeyName } = (await attachment.get()).properties
    const keys = await listKeys(run, { ...namespace, hybridConnectionName: relayName }, sendKeyName)
    const sendKeyValue = keyType === 'primary' ? keys.primaryKey : keys.secondaryKey
    await attachment.update({ properties: { sendKeyName, sendKeyValue } })
    changed.push({ name, id, sendKeyName, keyType })
  }
  return changed
}

type Attached = Reply<'WebApps_GetHybridConnection'>
type Change = { readonly properties: { readonly sendKeyName: string; readonly sendKeyValue: string } }

/** A hybrid connection of the app or slot with this id. */
function attachmentOf(
  { client }: ManagedRun,
  appId: string,
  relay: { readonly namespaceName: string; readonly relayName: string },
): { readonly get: () => Promise<Attached>; readonly update: (body: Change) => Promise<unknown> } {
  const [, , subscriptionId = '', , resourceGroupName = '', , , , name = '', , slot] = appId.split('/')
  const app = { params: { subscriptionId, resourceGroupName, name, ...relay } }
  if (slot === undefined) {
    return {
      get: () => client.call('WebApps_GetHybridConnection', app),
      update: (body) => client.call('WebApps_UpdateHybridConnection', { ...app, body }),
    }
  }
  const inSlot = { params: { ...app.params, slot } }
  return {
    get: () => client.call('WebApps_GetHybridConnectionSlot', inSlot),
    update: (body) => client.call('WebApps_UpdateHybridConnectionSlot', { ...inSlot, body }),
  }
}

/** Keys of a rule of the hybrid connection, else of its namespace: the order in which the relay looks. */
async function listKeys(
  { client }: ManagedRun,
  entity: FoundNamespace['params'] & { readonly hybridConnectionName: string },
  authorizationRuleName: string,
): Promise<Reply<'Namespaces_ListKeys'>> {
  try {
    return await client.call('HybridConnections_ListKeys', { params: { ...entity, authorizationRuleName } })
  } catch (error) {
    if (!isManagementError(error) || error.status !== 404) throw error
    return client.call('Namespaces_ListKeys', { params: { ...entity, authorizationRuleName } })
  }
}
