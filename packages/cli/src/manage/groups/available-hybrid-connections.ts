import type { Item } from '@postern/management'
import { RelayError } from '@postern/protocol'
import type { ManagedRun } from '../managed-command.ts'
import { appPlace, listAppHybridConnections } from './app-hybrid-connections.ts'
import { namespaceOf } from './find-namespace.ts'
import { Permissions } from './permissions.ts'

/** A hybrid connection, and whether the caller can add it to an app. */
export interface AvailableHybridConnection {
  readonly name: string
  readonly namespace: string
  readonly endpoint: string | null
  readonly canAdd: boolean
  /** Why not; null when he can. */
  readonly why: string | null
  readonly id: string
}

const listKeys = 'Microsoft.Relay/namespaces/hybridConnections/authorizationRules/listKeys/action'
const appWrite = 'Microsoft.Web/sites/write'

/** `postern webapp hybrid-connection available`: a Reader sees what there is and is told why he cannot add it. */
export async function listAvailable(run: ManagedRun): Promise<readonly AvailableHybridConnection[]> {
  const { client, subscriptionId, progress } = run
  const permissions = new Permissions(client)
  const app = await openApp(run, permissions)
  const all: AvailableHybridConnection[] = []
  for await (const namespace of client.items('Namespaces_List', { params: { subscriptionId } })) {
    const { params } = namespaceOf(namespace.id)
    for await (const entity of client.items('HybridConnections_ListByNamespace', { params })) {
      const why = app.why(entity) ?? unusable(entity) ?? (await whyNoKey(permissions, entity.id))
      const endpoint = endpointOf(entity)
      all.push({ name: entity.name, namespace: namespace.name, endpoint, canAdd: why === null, why, id: entity.id })
      if (all.length % 100 === 0) progress(`${all.length} hybrid connections so far`)
    }
  }
  return all
}

type HybridConnection = Item<'HybridConnections_ListByNamespace'>

/** What an app that is named says about any hybrid connection. */
async function openApp(
  run: ManagedRun,
  permissions: Permissions,
): Promise<{ readonly why: (entity: HybridConnection) => string | null }> {
  if (run.values['name'] === undefined) return { why: () => null }
  if (run.values['resource-group'] === undefined) {
    throw new RelayError('InvalidConfiguration', { message: '--name needs --resource-group/-g beside it' })
  }
  const { params } = appPlace(run)
  const { id, name } = await run.client.call('WebApps_Get', { params })
  const mayWrite = await permissions.may(appWrite, id)
  const attached = await listAppHybridConnections(run)
  const used = new Set(
    attached.map(({ properties }) => `${properties.serviceBusNamespace}/${properties.relayName}`.toLowerCase()),
  )
  return {
    why: (entity) => {
      const { namespaceName } = namespaceOf(entity.id).params
      if (used.has(`${namespaceName}/${entity.name}`.toLowerCase())) return `${name} uses it already`
      return mayWrite ? null : `you may not change ${name}: that takes ${appWrite}, which Reader has not`
    },
  }
}

function unusable(entity: HybridConnection): string | null {
  if (!entity.properties.requiresClientAuthorization) return 'it lets senders in without a key, which apps do not take'
  return endpointOf(entity) !== null
    ? null
    : 'it does not say which HOST:PORT it stands for: postern relay hyco update --endpoint'
}

async function whyNoKey(permissions: Permissions, id: string): Promise<string | null> {
  if (await permissions.may(listKeys, namespaceOf(id).id)) return null
  if (await permissions.may(listKeys, id)) return null
  return 'you may not use its keys: that takes listKeys, which Contributor and Azure Relay Owner have and Reader has not'
}

function endpointOf({ properties: { userMetadata = '' } }: HybridConnection): string | null {
  try {
    const entries: unknown = JSON.parse(userMetadata)
    const found = Array.isArray(entries) ? entries.find((entry: unknown) => keyOf(entry) === 'endpoint') : undefined
    const { value } = (found ?? {}) as { readonly value?: unknown }
    return typeof value === 'string' ? value : null
  } catch {
    return null
  }
}

function keyOf(entry: unknown): unknown {
  return typeof entry === 'object' && entry !== null && 'key' in entry ? entry.key : undefined
}
