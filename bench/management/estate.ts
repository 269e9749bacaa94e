import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { KeepAliveClient } from './keep-alive-client.ts'
import { baseDomain, type ManagedRelay } from './managed-relay.ts'

/** How many resources a relay holds. */
export interface EstateSize {
  readonly namespaces: number
  readonly hybridConnections: number
}

const subscription = '/subscriptions/11111111-1111-1111-1111-111111111111'
const group = `${subscription}/resourceGroups/bench`
export const groupPath = `${group}?api-version=2021-04-01`

/** Connections over which resources are created. */
const creators = 16

export function namespaceName(index: number): string {
  return `bench-${String(index).padStart(4, '0')}`
}

export function entityName(index: number): string {
  return `db-${String(index).padStart(5, '0')}`
}

/** Address of a namespace, or of something under it, in the management API. */
export function relayPath(namespace: string, ...below: readonly string[]): string {
  const path = [group, 'providers/Microsoft.Relay/namespaces', namespace, ...below].join('/')
  return `${path}?api-version=2021-11-01`
}

/** What a PUT of a hybrid connection says. */
export function entityBody(note: string): object {
  const userMetadata = JSON.stringify([
    { key: 'endpoint', value: 'db.corp.example.test:5432' },
    { key: 'note', value: note },
  ])
  return { properties: { requiresClientAuthorization: true, userMetadata } }
}

/** A client of the management API, signed in as the administrator of the first start. */
export async function signIn(relay: ManagedRelay, folder: string, connections = 1): Promise<KeepAliveClient> {
  const { tenantId, clientId, clientSecret }: { readonly [Name in string]: string } = JSON.parse(
    readFileSync(join(folder, 'data', 'bootstrap-admin.json'), 'utf8'),
  )
  const token = await fetchToken(relay, {
    tenantId: tenantId ?? '',
    clientId: clientId ?? '',
    clientSecret: clientSecret ?? '',
    scope: `https://localhost:${relay.managementPort}/.default`,
  })
  return new KeepAliveClient({
    port: relay.managementPort,
    host: 'localhost',
    ca: relay.ca,
    headers: { Authorization: `Bearer ${token}` },
    connections,
  })
}

/** A bearer token by client credentials. */
export async function fetchToken(
  relay: Pick<ManagedRelay, 'managementPort' | 'ca'>,
  of: { readonly tenantId: string; readonly clientId: string; readonly clientSecret: string; readonly scope: string },
): Promise<string> {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: of.clientId,
    client_secret: of.clientSecret,
    scope: of.scope,
  })
  const client = new KeepAliveClient({
    port: relay.managementPort,
    host: 'localhost',
    ca: relay.ca,
    headers: {},
    connections: 1,
  })
  try {
    const { body } = await client.demand('POST', `/${of.tenantId}/oauth2/v2.0/token`, form)
    return String((JSON.parse(body) as Record<string, unknown>)['access_token'])
  } finally {
    client.close()
  }
}

/** Creates an estate through the management API; gives how many PUTs a second it took. */
export async function createEstate(client: KeepAliveClient, size: EstateSize): Promise<number> {
  await client.demand('PUT', groupPath, { location: 'westeurope' })
  const namespaces = Array.from({ length: size.namespaces }, (_, index) => namespaceName(index))
  await inTurn(namespaces, creators, (name) =>
    client.demand('PUT', relayPath(name), { location: 'westeurope', sku: { name: 'Standard', tier: 'Standard' } }),
  )
  const entities = Array.from({ length: size.hybridConnections }, (_, index) => index)
  const beganMs = performance.now()
  await inTurn(entities, creators, (index) =>
    client.demand(
      'PUT',
      relayPath(namespaceName(index % size.namespaces), 'hybridConnections', entityName(index)),
      entityBody('first'),
    ),
  )
  return entities.length / ((performance.now() - beganMs) / 1000)
}

/** Works through items with so many under way at once. */
async function inTurn<Item>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<unknown>,
): Promise<void> {
  const waiting = items.values()
  const worker = async (): Promise<void> => {
    for (const item of waiting) await work(item)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

/** Host name of a namespace at the data door. */
export function namespaceHost(name: string): string {
  return `${name}.${baseDomain}`
}
