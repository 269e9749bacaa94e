import { isManagementError } from '@postern/management'
import type { ManagedRun } from '../managed-command.ts'
import { type AttachedHybridConnection, appPlace, attachedParams } from './app-hybrid-connections.ts'
import { type FoundNamespace, findNamespace } from './find-namespace.ts'

/** The rules that App Service makes: apps send with one, an HCM listens with the other. */
const senderRule = 'defaultSender'
const listenerRule = 'defaultListener'

/** `postern webapp hybrid-connection add`: what the Azure CLI does, but the key never leaves the relay. */
export async function addHybridConnection(run: ManagedRun): Promise<AttachedHybridConnection> {
  const namespace = await findNamespace(run, String(run.values['namespace']))
  const { 'send-key-name': wanted } = run.values
  const sendKeyName = typeof wanted === 'string' ? wanted : senderRule
  if (sendKeyName === senderRule) await ensureSender(run, namespace)
  return attach(run, namespace, sendKeyName)
}

/** `postern webapp hybrid-connection create` */
export async function createAndAddHybridConnection(run: ManagedRun): Promise<AttachedHybridConnection> {
  const { client, values } = run
  const namespace = await findNamespace(run, String(values['namespace']))
  const params = entityParams(run, namespace)
  await client.call('HybridConnections_CreateOrUpdate', {
    params,
    body: { properties: { requiresClientAuthorization: true, userMetadata: String(values['endpoint']) } },
    // One that is there already belongs to somebody: it is added, not changed.
    headers: { 'If-None-Match': '*' },
  })
  await createRule(run, params, { name: listenerRule, right: 'Listen' })
  await createRule(run, params, { name: senderRule, right: 'Send' })
  return attach(run, namespace, senderRule)
}

type EntityParams = FoundNamespace['params'] & { readonly hybridConnectionName: string }

function entityParams({ values }: ManagedRun, { params }: FoundNamespace): EntityParams {
  return { ...params, hybridConnectionName: String(values['hybrid-connection']) }
}

/** Makes the rule unless it is there. Whoever may not make one is told by the relay what he lacks. */
async function ensureSender(run: ManagedRun, namespace: FoundNamespace): Promise<void> {
  const params = entityParams(run, namespace)
  try {
    await run.client.call('HybridConnections_GetAuthorizationRule', {
      params: { ...params, authorizationRuleName: senderRule },
    })
  } catch (error) {
    if (!isManagementError(error) || error.status !== 404) throw error
    // Tells whether it is the rule or the hybrid connection that is not there.
    await run.client.call('HybridConnections_Get', { params })
    await createRule(run, params, { name: senderRule, right: 'Send' })
  }
}

async function createRule(
  { client }: ManagedRun,
  params: EntityParams,
  { name, right }: { readonly name: string; readonly right: 'Listen' | 'Send' },
): Promise<void> {
  await client.call('HybridConnections_CreateOrUpdateAuthorizationRule', {
    params: { ...params, authorizationRuleName: name },
    body: { properties: { rights: [right] } },
  })
}

function attach(run: ManagedRun, namespace: FoundNamespace, sendKeyName: string): Promise<AttachedHybridConnection> {
  const { slot } = appPlace(run)
  const params = attachedParams(run)
  const relayArmUri = `${namespace.id}/hybridConnections/${params.relayName}`
  const body = { properties: { sendKeyName, relayArmUri } }
  return slot === undefined
    ? run.client.call('WebApps_CreateOrUpdateHybridConnection', { params, body })
    : run.client.call('WebApps_CreateOrUpdateHybridConnectionSlot', { params: { ...params, slot }, body })
}
