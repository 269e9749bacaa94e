import { silentLogger } from '@postern/program'
import type { Caller } from '../domain/caller.ts'
import { IngressStatus } from '../domain/ingress-status.ts'
import type { RoleAssignment } from '../domain/role.ts'
import { openIdentity } from '../identity/open-identity.ts'
import { builtInRoles } from '../identity/roles/built-in-roles.ts'
import { RoleBook } from '../identity/roles/role-book.ts'
import { RoleChanges } from '../identity/roles/role-changes.ts'
import { MemoryAuditStore } from '../storage/memory/memory-audit-store.ts'
import { MemoryStore } from '../storage/memory/memory-store.ts'
import { ResourceCatalog } from '../storage/resource-catalog.ts'
import { Health } from '../telemetry/health.ts'
import type { ArmReply } from './arm-call.ts'
import { type ArmOutcome, ArmRouter } from './arm-router.ts'
import { createHandlers } from './create-handlers.ts'
import { type HcmEvent, HcmRegistry } from './hcm/hcm-registry.ts'
import type { ManagementParts } from './management-parts.ts'
import { routeTable } from './route-table.ts'

/** The management API without sockets, for tests: every call goes the whole way from token to answer. */
export interface ArmBed extends AsyncDisposable {
  readonly parts: ManagementParts
  readonly store: MemoryStore
  readonly audit: MemoryAuditStore
  readonly outcomes: readonly ArmOutcome[]
  /** Listeners that the relay is to have, by `namespace/name` in lower case. */
  readonly listenerCounts: Map<string, number>
  /** Hybrid connections of which all listeners say that their target does not answer. */
  readonly downTargets: Set<string>
  /** What was told about Hybrid Connection Managers. */
  readonly hcmEvents: readonly HcmEvent[]
  /** Time that passes only when a test says so; begins with the real one. */
  readonly clock: { nowMs: number }
  /** Calls as a principal; default `owner`, who is Owner of everything. Objects become JSON. */
  call(method: string, url: string, options?: ArmCallOptions): Promise<ArmReply & { readonly json: Json }>
  /** Gives a principal a role by its name or GUID. */
  assign(principalId: string, role: string, scope: string): Promise<void>
}

export interface ArmCallOptions {
  readonly as?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly address?: string
}

/** What tests read of answers: any member of anything. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Json = any

/** Opens the management API over an empty store in memory. A token is the id of the principal that it is of. */
export async function openArmBed(): Promise<ArmBed> {
  const store = new MemoryStore()
  const catalog = await ResourceCatalog.open(store, { baseDomain: 'relay.test' })
  const { documents } = catalog
  const roles = new RoleBook(documents)
  const identity = await openIdentity({
    store,
    documents,
    log: silentLogger,
    health: new Health(),
    issuerOrigin: () => 'https://manage.relay.test',
    publicHost: 'relay.test',
    managementHosts: ['manage.relay.test'],
    ports: () => ({ data: 8443, management: 443 }),
    isNamespaceHost: () => false,
    tokenLifetimeMs: 3_600_000,
    keyLifetimeMs: 86_400_000,
  })
  const clock = { nowMs: Date.now() }
  const now = (): Date => new Date(clock.nowMs)
  const hcmEvents: HcmEvent[] = []
  const hcms = new HcmRegistry({
    store,
    documents,
    now,
    onEvent: (event) => void hcmEvents.push(event),
    onError: (error) => {
      throw error
    },
  })
  const listenerCounts = new Map<string, number>()
  const downTargets = new Set<string>()
  const countOf = (entity: string): number => listenerCounts.get(entity) ?? 0
  const outcomes: ArmOutcome[] = []
  const audit = new MemoryAuditStore()
  const parts: ManagementParts = {
    store,
    documents,
    catalog,
    roles,
    roleChanges: new RoleChanges({ store, documents, roles, now }),
    identity,
    hcms,
    audit,
    listeners: { count: countOf, countBilled: countOf, isTargetDown: (entity) => downTargets.has(entity) },
    settings: {
      publicHost: 'relay.test',
      baseDomain: 'relay.test',
      minTlsVersion: '1.2',
      hybridConnectionLimits: 'seed',
      endsTls: true,
      ingressGrants: [
        { first: 443, last: 443 },
        { first: 8000, last: 8999 },
      ],
    },
    ingress: new IngressStatus(),
    doorPorts: () => [8443, 8444],
    dataPort: () => 8443,
    now,
  }
  const router = new ArmRouter({
    routes: routeTable,
    handlers: createHandlers(parts),
    authenticate: (token) => Promise.resolve(callerOf(token)),
    roles,
    authorizationUri: (origin) => `${origin}/tenant`,
    admitAddress: () => {},
    onCall: (outcome) => void outcomes.push(outcome),
    onUnexpected: (error) => {
      throw error
    },
  })
  let assignments = 0
  const assign = async (principalId: string, role: string, scope: string): Promise<void> => {
    assignments += 1
    const dates = { createdAt: parts.now(), updatedAt: parts.now() }
    const value: RoleAssignment = {
      id: `00000000-0000-0000-0000-${String(assignments).padStart(12, '0')}`,
      scope,
      roleDefinitionId: builtInRoles.find(({ roleName }) => roleName === role)?.id ?? role,
      principalId,
      principalType: 'ServicePrincipal',
      createdBy: 'test',
      ...dates,
    }
    await store.put({ kind: 'roleAssignment', value })
  }
  await assign('owner', 'Owner', '/')
  const call = async (method: string, url: string, options: ArmCallOptions = {}): ReturnType<ArmBed['call']> => {
    const { as = 'owner', body, headers = {}, address = '127.0.0.1' } = options
    const bytes = Buffer.from(body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body))
    const reply = await router.handle({
      method,
      url,
      headers: { authorization: `Bearer ${as}`, ...headers },
      origin: 'https://manage.relay.test',
      address,
      port: 1234,
      requestId: 'request-id',
      signal: new AbortController().signal,
      readBody: () => Promise.resolve(bytes),
      onAuthorized: () => {},
    })
    return { ...reply, json: reply.body === undefined ? undefined : JSON.parse(JSON.stringify(reply.body)) }
  }
  return {
    parts,
    store,
    audit,
    outcomes,
    listenerCounts,
    downTargets,
    hcmEvents,
    clock,
    call,
    assign,
    [Symbol.asyncDispose]: async () => {
      await hcms.close()
      identity.close()
      roles.close()
      catalog.close()
      await audit.close()
      await store.close()
    },
  }
}

function callerOf(id: string): Caller {
  return { id, principalIds: [id], name: `app:${id}`, kind: 'servicePrincipal', expiresAtMs: Number.POSITIVE_INFINITY }
}
