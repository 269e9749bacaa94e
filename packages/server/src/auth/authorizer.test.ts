import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Caller } from '../domain/caller.ts'
import { openNetworkAccess } from '../domain/network-access.ts'
import { defaultPlacement } from '../domain/resource-placement.ts'
import { RoleBook } from '../identity/roles/role-book.ts'
import { DocumentCopy } from '../storage/document-copy.ts'
import { MemoryStore } from '../storage/memory/memory-store.ts'
import type { AuthorizationRequest } from './authorize-by-signature.ts'
import { Authorizer } from './authorizer.ts'
import type { BearerTokens } from './bearer-tokens.ts'

const listener = '26e0b698-aa6d-4085-9386-aadae190014d'
const dates = { createdAt: new Date(0), updatedAt: new Date(0) }
const caller: Caller = {
  id: 'p1',
  principalIds: ['p1'],
  name: 'app:shop',
  kind: 'servicePrincipal',
  expiresAtMs: 1_000_000,
}
const jwt = 'aaa.bbb.ccc'
const namespace = {
  ...defaultPlacement,
  name: 'n',
  hosts: [],
  isDefault: true,
  rules: [],
  network: openNetworkAccess,
  privateEndpointConnections: [],
  ingress: [],
  ...dates,
}
const entity = { namespace: 'n', name: 'h', requiresClientAuthorization: true, rules: [], ...dates }
const scope = '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/postern'

const ask = (token: string | undefined, changes: Partial<AuthorizationRequest> = {}): AuthorizationRequest => ({
  namespace,
  entity,
  path: 'h',
  token,
  rights: ['Listen'],
  nowMs: 0,
  graceMs: 0,
  ownsHost: () => true,
  ...changes,
})

interface Bed {
  readonly authorizer: Authorizer
  readonly store: MemoryStore
  readonly asked: string[]
}

async function openBed(t: TestContext, tokens: Partial<BearerTokens> = {}): Promise<Bed> {
  const store = new MemoryStore()
  const documents = await DocumentCopy.open(store)
  const roles = new RoleBook(documents)
  t.after(() => roles.close())
  const asked: string[] = []
  const authorizer = new Authorizer({
    documents,
    roles,
    tokens: {
      verifyCached: () => undefined,
      verify: (token) => {
        asked.push(token)
        return Promise.resolve(caller)
      },
      ...tokens,
    },
  })
  return { authorizer, store, asked }
}

async function assign(store: MemoryStore): Promise<void> {
  const value = { id: 'a', scope, roleDefinitionId: listener, principalId: 'p1', createdBy: 'x', ...dates }
  await store.put({ kind: 'roleAssignment', value: { ...value, principalType: 'ServicePrincipal' } })
}

const addPrincipal = (store: MemoryStore, isEnabled: boolean): Promise<unknown> =>
  store.put({
    kind: 'principal',
    value: { id: 'p1', clientId: 'c', kind: 'servicePrincipal', displayName: '', credentials: [], isEnabled, ...dates },
  })

test('a bearer token is taken with and without the word Bearer, and decided by role', async (t) => {
  const { authorizer, store, asked } = await openBed(t)
  await assign(store)
  for (const token of [jwt, `Bearer ${jwt}`, `bearer  ${jwt}`]) {
    const decision = await authorizer.authorize(ask(token))
    assert.deepEqual(decision, {
      allowed: true,
      principal: { kind: 'caller', caller, role: 'Azure Relay Listener' },
      expiresAtMs: 1_000_000,
    })
  }
  assert.deepEqual(asked, [jwt, jwt, jwt])
})

test('a role for listening lets nobody send, and none lets nobody do anything', async (t) => {
  const { authorizer, store } = await openBed(t)
  const codeOf = async (request: AuthorizationRequest): Promise<string> => {
    const decision = await authorizer.authorize(request)
    return decision.allowed ? 'allowed' : decision.code
  }
  assert.equal(await codeOf(ask(jwt)), 'RightMissing')
  await assign(store)
  assert.equal(await codeOf(ask(jwt)), 'allowed')
  assert.equal(await codeOf(ask(jwt, { rights: ['Send'] })), 'RightMissing')
  assert.equal(await codeOf(ask(jwt, { namespace: { ...namespace, resourceGroup: 'other' } })), 'RightMissing')
})

test('a token that was verified before is decided at once; a signature always is', async (t) => {
  const { authorizer, store } = await openBed(t, { verifyCached: () => caller })
  await assign(store)
  assert.equal(authorizer.authorize(ask(jwt)) instanceof Promise, false)
  const bySignature = authorizer.authorize(ask('SharedAccessSignature sr=a&sig=b&se=1&skn=c'))
  assert.equal(!(bySignature instanceof Promise) && !bySignature.allowed && bySignature.code, 'TokenRuleUnknown')
  const missing = authorizer.authorize(ask(undefined))
  assert.equal(!(missing instanceof Promise) && !missing.allowed && missing.code, 'TokenMissing')
})

test('what the verifier refuses is refused with its code', async (t) => {
  const { authorizer } = await openBed(t, { verify: () => Promise.resolve({ code: 'TokenExpired', reason: 'old' }) })
  assert.deepEqual(await authorizer.authorize(ask(jwt)), { allowed: false, code: 'TokenExpired', reason: 'old' })
})

test('an entity without client authorisation asks nobody', async (t) => {
  const { authorizer, asked } = await openBed(t)
  const decision = authorizer.authorizeSender(ask(jwt, { entity: { ...entity, requiresClientAuthorization: false } }))
  assert.equal(!(decision instanceof Promise) && decision.allowed && decision.principal.kind, 'anonymous')
  assert.deepEqual(asked, [])
})

test('whoever was admitted stays while role and principal do, and goes with either', async (t) => {
  const { authorizer, store } = await openBed(t)
  await assign(store)
  await addPrincipal(store, true)
  const principal = { kind: 'caller', caller, role: 'x' } as const
  const isIn = (who: Caller = caller): boolean =>
    authorizer.reauthorize({ ...principal, caller: who }, ask(jwt)).allowed
  assert.equal(isIn(), true)
  await addPrincipal(store, false)
  assert.equal(isIn(), false)
  assert.equal(isIn({ ...caller, kind: 'external' }), true, 'other issuers know themselves whom they disable')
  await addPrincipal(store, true)
  assert.equal(isIn(), true)
  await store.delete('roleassignment/a')
  assert.equal(isIn(), false)
})
