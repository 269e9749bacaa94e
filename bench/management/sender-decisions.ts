import { randomUUID } from 'node:crypto'
import { startRelay } from '@postern/server'
import { Authorizer } from '../../packages/server/src/auth/authorizer.ts'
import { openNetworkAccess } from '../../packages/server/src/domain/network-access.ts'
import { defaultPlacement } from '../../packages/server/src/domain/resource-placement.ts'
import { tenantId } from '../../packages/server/src/domain/tenant.ts'
import { RoleBook } from '../../packages/server/src/identity/roles/role-book.ts'
import type { ResourceStore } from '../../packages/server/src/storage/resource-store.ts'
import { type EstateSize, entityName, fetchToken, namespaceHost, namespaceName } from './estate.ts'
import { newRule, signSender } from './sender-token.ts'

/** Microseconds of CPU time that the relay takes to decide about one sender: host, path, credential, rights. */
export interface SenderDecisions {
  readonly signatureUs: number
  readonly bearerUs: number
}

const batches = 9
const decisionsEach = 4_000

/** Decides about senders of a whole estate as the data door does, in this process and without a socket. */
export async function measureSenderDecisions(size: EstateSize): Promise<SenderDecisions> {
  await using relay = await startRelay({ options: { baseDomain: 'localhost' } })
  const { catalog, store, identity } = relay.server
  const signatures = await fillStore(store, size)
  const roles = new RoleBook(catalog.documents)
  const authorizer = new Authorizer({ tokens: identity.tokens, roles, documents: catalog.documents })
  const bearer = await signInSender(relay)
  const decide = (index: number, token: string): ReturnType<Authorizer['authorizeSender']> => {
    const namespace = catalog.namespaceByHost(namespaceHost(namespaceName(index % size.namespaces)))
    if (!namespace) throw new Error('the namespace was not found')
    const path = entityName(index)
    const entity = catalog.find(namespace.name, path)?.entity
    const ownsHost = (host: string): boolean => catalog.namespaceByHost(host) === namespace
    return authorizer.authorizeSender({ namespace, entity, path, token, nowMs: Date.now(), graceMs: 0, ownsHost })
  }
  const demand = async (index: number, token: string): Promise<void> => {
    const decision = await decide(index, token)
    if (!decision.allowed) throw new Error(`sender ${index} was refused: ${decision.reason}`)
  }
  // Every one once: bearer tokens and keys are verified and opened when they are first seen.
  for (let index = 0; index < size.hybridConnections; index += 1) {
    await demand(index, signatures[index % size.namespaces] ?? '')
    await demand(index, bearer)
  }
  const [signature, withBearer] = [
    (index: number) => decide(index, signatures[index % size.namespaces] ?? ''),
    (index: number) => decide(index, bearer),
  ]
  const result = { signatureUs: timeEach(signature, size), bearerUs: timeEach(withBearer, size) }
  roles.close()
  return result
}

/** Median over batches; entities are taken from everywhere, so that no cache holds the next one. */
function timeEach(decide: (index: number) => unknown, { hybridConnections }: EstateSize): number {
  const times: number[] = []
  let index = 0
  for (let batch = 0; batch < batches; batch += 1) {
    const began = process.threadCpuUsage()
    for (let count = 0; count < decisionsEach; count += 1) {
      // A prime step reaches all of them, in no order that anybody could foresee.
      index = (index + 7919) % hybridConnections
      decide(index)
    }
    const { user, system } = process.threadCpuUsage(began)
    times.push((user + system) / decisionsEach)
  }
  return times.toSorted((a, b) => a - b)[Math.floor(batches / 2)] ?? 0
}

/** Gives a signature for each namespace. */
async function fillStore(store: ResourceStore, size: EstateSize): Promise<readonly string[]> {
  const dates = { createdAt: new Date(), updatedAt: new Date() }
  const signatures: string[] = []
  for (let index = 0; index < size.namespaces; index += 1) {
    const name = namespaceName(index)
    const rule = newRule()
    signatures.push(signSender(namespaceHost(name), rule))
    await store.put({
      kind: 'namespace',
      value: {
        ...defaultPlacement,
        name,
        hosts: [],
        isDefault: false,
        rules: [rule],
        network: openNetworkAccess,
        privateEndpointConnections: [],
        ingress: [],
        ...dates,
      },
    })
  }
  for (let index = 0; index < size.hybridConnections; index += 1) {
    const namespace = namespaceName(index % size.namespaces)
    const value = { namespace, name: entityName(index), requiresClientAuthorization: true, rules: [], ...dates }
    await store.put({ kind: 'hybridConnection', value })
    // Somebody has a right on each of them: they must not stand in the way of others.
    await assignSender(store, { principalId: randomUUID(), scope: scopeOf(namespace, entityName(index)) })
  }
  return signatures
}

async function signInSender(relay: Awaited<ReturnType<typeof startRelay>>): Promise<string> {
  const { store, identity, managementPort } = relay.server
  const { id, clientId } = await identity.directory.create({ kind: 'servicePrincipal', displayName: 'bench' })
  const { secret } = await identity.directory.addSecret(id, { displayName: 'bench' })
  await assignSender(store, { principalId: id, scope: `/subscriptions/${defaultPlacement.subscriptionId}` })
  return fetchToken(
    { managementPort, ca: relay.caPem ?? '' },
    { tenantId, clientId, clientSecret: secret.reveal(), scope: 'https://relay.azure.net//.default' },
  )
}

/** Azure Relay Sender. */
const senderRole = '26baccc8-eea7-41f1-98f4-1762cc7f685d'

async function assignSender(
  store: ResourceStore,
  { principalId, scope }: { readonly principalId: string; readonly scope: string },
): Promise<void> {
  await store.put({
    kind: 'roleAssignment',
    value: {
      id: randomUUID(),
      scope,
      roleDefinitionId: senderRole,
      principalId,
      principalType: 'ServicePrincipal',
      createdBy: 'bench',
      createdAt: new Date(),
      updatedAt: new Date(),
    },
  })
}

function scopeOf(namespace: string, entity: string): string {
  const { subscriptionId, resourceGroup } = defaultPlacement
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.Relay/namespaces/${namespace}/hybridConnections/${entity}`
}
