import { Secret } from '@postern/program'
import type { Right } from '@postern/protocol'
import type { AuthorizationRule } from '../../domain/authorization-rule.ts'
import type { HybridConnection } from '../../domain/hybrid-connection.ts'
import { openNetworkAccess } from '../../domain/network-access.ts'
import type { ResourceStore } from '../../storage/resource-store.ts'
import { type ArmBed, openArmBed } from '../arm-calls.contract.ts'

/** Everything that tests of Microsoft.Web stand in: a group, a namespace with hybrid connections, plans and apps. */
export const webVersion = '?api-version=2025-05-01'
export const group = '/subscriptions/s/resourceGroups/g'
export const web = `${group}/providers/Microsoft.Web`
export const relayNamespace = `${group}/providers/Microsoft.Relay/namespaces/contoso`

export function siteUrl(app: string, below = ''): string {
  return `${web}/sites/${app}${below}${webVersion}`
}

export function planUrl(plan: string, below = ''): string {
  return `${web}/serverfarms/${plan}${below}${webVersion}`
}

export function relayPath(relay: string, namespace = 'contoso'): string {
  return `/hybridConnectionNamespaces/${namespace}/relays/${encodeURIComponent(relay)}`
}

export function ruleWith(name: string, rights: readonly Right[], keys: readonly [string, string]): AuthorizationRule {
  return { name, rights, primaryKey: new Secret(keys[0]), secondaryKey: new Secret(keys[1]) }
}

export const defaultRules: readonly AuthorizationRule[] = [
  ruleWith('defaultListener', ['Listen'], ['listen-1', 'listen-2']),
  ruleWith('defaultSender', ['Send'], ['send-1', 'send-2']),
]

/** Writes a hybrid connection as the management API would. */
export async function putRelay(
  store: ResourceStore,
  name: string,
  change: Partial<HybridConnection> & { readonly origin?: 'declared' } = {},
): Promise<void> {
  const { origin = 'managed', ...rest } = change
  const now = new Date()
  const value: HybridConnection = {
    namespace: 'contoso',
    name,
    requiresClientAuthorization: true,
    userMetadata: `[{"key":"endpoint","value":"db.corp:1433"}]`,
    rules: defaultRules,
    createdAt: now,
    updatedAt: now,
    ...rest,
  }
  await store.put({ kind: 'hybridConnection', value, origin })
}

export async function putNamespace(
  store: ResourceStore,
  name: string,
  rules: readonly AuthorizationRule[] = [],
): Promise<void> {
  const now = new Date()
  await store.put({
    kind: 'namespace',
    value: {
      name,
      subscriptionId: 's',
      resourceGroup: 'g',
      location: 'westus2',
      tags: {},
      hosts: [],
      isDefault: false,
      rules,
      network: openNetworkAccess,
      privateEndpointConnections: [],
      ingress: [],
      createdAt: now,
      updatedAt: now,
    },
  })
}

/** A bed with group `g`, namespace `contoso` (rule Root with all rights), hybrid connections, one plan and its apps. */
export async function openWebBed(
  options: { readonly relays?: readonly string[]; readonly sku?: string; readonly apps?: readonly string[] } = {},
): Promise<ArmBed> {
  const { relays = ['db'], sku = 'S1', apps = ['shop'] } = options
  const bed = await openArmBed()
  await bed.call('PUT', `${group}?api-version=2021-04-01`, { body: { location: 'westus2' } })
  await putNamespace(bed.store, 'contoso', [ruleWith('Root', ['Listen', 'Send', 'Manage'], ['root-1', 'root-2'])])
  for (const relay of relays) await putRelay(bed.store, relay)
  await bed.call('PUT', planUrl('plan'), { body: { location: 'West US 2', sku: { name: sku } } })
  for (const app of apps) await putApp(bed, app, 'plan')
  return bed
}

export async function putApp(bed: ArmBed, app: string, plan: string, as = 'owner'): ReturnType<ArmBed['call']> {
  const body = { location: 'westus2', properties: { serverFarmId: `${web}/serverfarms/${plan}` } }
  return bed.call('PUT', siteUrl(app), { as, body })
}

/** Attaches without a key in the body: the caller's right to list keys counts. */
export function attach(
  bed: ArmBed,
  app: string,
  relay: string,
  options: { readonly as?: string; readonly properties?: Readonly<Record<string, unknown>> } = {},
): ReturnType<ArmBed['call']> {
  const { as = 'owner', properties = {} } = options
  return bed.call('PUT', siteUrl(app, relayPath(relay)), { as, body: { properties } })
}
