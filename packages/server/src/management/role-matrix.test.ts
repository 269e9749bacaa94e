import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Right } from '@postern/protocol'
import { Authorizer } from '../auth/authorizer.ts'
import type { Caller } from '../domain/caller.ts'
import type { Namespace } from '../domain/namespace.ts'
import { apiVersions } from './api-versions.ts'
import type { ArmReply } from './arm-call.ts'
import { type ArmBed, openArmBed } from './arm-calls.contract.ts'
import { ArmRouter } from './arm-router.ts'
import { addEntity } from './authorization/authorization-setup.contract.ts'
import type { Route } from './route.ts'
import { routeTable } from './route-table.ts'

// Every role times every route and every data action. What is expected is worked out here a second time, from the roles as
// they are published and from method and path alone: a mistake in the role book, in a role or in a row of the route table
// shows as a difference.

interface PublishedRole {
  readonly id: string
  readonly actions: readonly string[]
  readonly notActions?: readonly string[]
  readonly dataActions?: readonly string[]
  readonly notDataActions?: readonly string[]
}

/** Azure's page of built-in roles, word for word; the last one is a custom role of this test. */
const publishedRoles: Readonly<Record<string, PublishedRole>> = {
  Owner: { id: '8e3af657-a8ff-443c-a75c-2fe8c4bcb635', actions: ['*'] },
  Contributor: {
    id: 'b24988ac-6180-42a0-ab88-20f7382dd24c',
    actions: ['*'],
    notActions: [
      'Microsoft.Authorization/*/Delete',
      'Microsoft.Authorization/*/Write',
      'Microsoft.Authorization/elevateAccess/Action',
      // Azure's page goes on with providers that this relay does not have: Blueprint, Compute, Purview.
    ],
  },
  Reader: { id: 'acdd72a7-3385-48ef-bd42-f606fba81ae7', actions: ['*/read'] },
  'Azure Relay Owner': {
    id: '2787bf04-f1f5-4bfe-8383-c8a24483ee38',
    actions: ['Microsoft.Relay/*'],
    dataActions: ['Microsoft.Relay/*'],
  },
  'Azure Relay Listener': {
    id: '26e0b698-aa6d-4085-9386-aadae190014d',
    actions: ['Microsoft.Relay/*/wcfRelays/read', 'Microsoft.Relay/*/hybridConnections/read'],
    dataActions: ['Microsoft.Relay/*/listen/action'],
  },
  'Azure Relay Sender': {
    id: '26baccc8-eea7-41f1-98f4-1762cc7f685d',
    actions: ['Microsoft.Relay/*/wcfRelays/read', 'Microsoft.Relay/*/hybridConnections/read'],
    dataActions: ['Microsoft.Relay/*/send/action'],
  },
  Attacher: {
    id: 'c0ffee00-0000-4000-8000-000000000001',
    actions: ['Microsoft.Relay/*/read', 'Microsoft.Relay/*/listKeys/action', 'Microsoft.Web/sites/*'],
    notActions: ['Microsoft.Relay/namespaces/authorizationRules/*', 'Microsoft.Web/sites/delete'],
    dataActions: ['*'],
    notDataActions: ['Microsoft.Relay/namespaces/messages/listen/action'],
  },
}

/** Routes that need no role. Whoever adds one writes here that everybody, or even every stranger, shall have it. */
const open: Readonly<Record<'signedIn' | 'stranger', readonly string[]>> = {
  stranger: ['Hcms_Enrol', 'Metadata_Endpoints'],
  signedIn: [
    'AppServicePlans_List',
    'Apps_GetOwnHybridConnections',
    'Hcms_Create',
    'Hcms_GetSelf',
    'Hcms_Report',
    'Me_Get',
    'Namespaces_List',
    'Namespaces_ListByResourceGroup',
    'Permissions_List',
    'Providers_Get',
    'Providers_List',
    'Providers_Register',
    'RelayOperations_List',
    'ResourceGroups_DeleteResult',
    'ResourceGroups_List',
    'Resources_List',
    'Subscriptions_Get',
    'Subscriptions_List',
    'Subscriptions_ListLocations',
    'Tenants_List',
    'WebApps_List',
  ],
}

/** Actions that method and path alone do not tell. */
const irregularActions: Readonly<Record<string, string>> = {
  // Azure counts this question as reading.
  Usage_Get: 'Microsoft.Relay/namespaces/read',
  WebApps_CreateConnectorCredential: 'Microsoft.Web/sites/write',
  WebApps_CreateConnectorCredentialSlot: 'Microsoft.Web/sites/slots/write',
  WebSites_CheckNameAvailability: 'Microsoft.Web/checkNameAvailability/read',
  HcmEnrolments_List: 'Postern.Management/hcms/read',
  HcmEnrolments_Create: 'Postern.Management/hcms/write',
  HcmEnrolments_Delete: 'Postern.Management/hcms/write',
  Principals_RemoveCredential: 'Postern.Management/principals/credentials/action',
}

const group = '/subscriptions/s/resourceGroups/g'
const namespace = `${group}/providers/Microsoft.Relay/namespaces/contoso`
const entity = `${namespace}/hybridConnections/db`
/** Where each role is assigned, each time to another principal. */
const scopes = [
  '/',
  '/subscriptions/s',
  '/subscriptions/other',
  group,
  '/subscriptions/s/resourceGroups/gg',
  namespace,
  namespace.slice(0, -1),
  entity,
  `${group}/providers/Microsoft.Web/serverfarms/plan`,
  `${group}/providers/Microsoft.Web/sites/app`,
]

/** What stands for each parameter of a path; others are called `x`. */
const samples: Readonly<Record<string, string>> = {
  subscriptionId: 's',
  resourceGroupName: 'g',
  namespaceName: 'contoso',
  hybridConnectionName: 'db',
  name: 'app',
  scope: group.slice(1),
}

let bed: ArmBed
before(async () => {
  bed = await openArmBed()
  await addEntity(bed)
  const { id, notActions = [], dataActions = [], notDataActions = [], actions } = publishedRoles['Attacher']!
  const permissions = [{ actions, notActions, dataActions, notDataActions }]
  const dates = { createdAt: new Date(), updatedAt: new Date() }
  await bed.store.put({
    kind: 'roleDefinition',
    value: { id, roleName: 'Attacher', description: '', permissions, assignableScopes: ['/'], ...dates },
  })
  for (const [name, role] of Object.entries(publishedRoles)) {
    for (const scope of scopes) await bed.assign(`${name}@${scope}`, role.id, scope)
  }
})
after(() => bed[Symbol.asyncDispose]())

for (const [name, role] of Object.entries(publishedRoles)) {
  test(`${name} may call what the role says, where it was assigned, and nothing else`, async () => {
    const differences: string[] = []
    for (const route of routeTable) {
      const action = actionOf(route)
      const path = pathOf(route)
      for (const scope of scopes) {
        const expected = action === 'open' || (covers(scope, path) && allows(role.actions, role.notActions, action))
        const allowed = isAllowed(await callRoute(routeTable, route, `${name}@${scope}`))
        if (allowed !== expected) differences.push(`${route.id} at ${scope}: ${allowed ? 'allowed' : 'refused'}`)
      }
    }
    assert.deepEqual(differences, [])
  })

  test(`${name} may listen, send and manage by ATOM as the role says, where it was assigned, and nothing else`, async () => {
    const differences: string[] = []
    for (const [right, action] of Object.entries(dataActions)) {
      for (const scope of scopes) {
        const expected = covers(scope, entity) && allows(role.dataActions, role.notDataActions, action)
        const allowed = await mayOnDataDoor(right as Right, `${name}@${scope}`)
        if (allowed !== expected) differences.push(`${right} at ${scope}: ${allowed ? 'allowed' : 'refused'}`)
      }
    }
    assert.deepEqual(differences, [])
  })
}

test('a route asks for the action that its method and path tell', () => {
  for (const route of routeTable) {
    if ('anyone' in route.access) continue
    assert.equal(route.access.action.toLowerCase(), actionOf(route).toLowerCase(), route.id)
  }
})

test('the matrix is no matrix of refusals: each role is allowed and refused something', async () => {
  for (const [name, role] of Object.entries(publishedRoles)) {
    const expected = routeTable
      .map((route) => actionOf(route))
      .map((action) => action !== 'open' && allows(role.actions, role.notActions, action))
    assert.ok(expected.includes(true), name)
    if (name !== 'Owner') assert.ok(expected.includes(false), name)
  }
})

test('whoever has no role may call what is open to everybody, and a stranger less', async () => {
  for (const route of routeTable) {
    const access = 'anyone' in route.access ? route.access.anyone : 'role'
    const nobody = await callRoute(routeTable, route, 'nobody')
    assert.equal(isAllowed(nobody), access !== 'role', route.id)
    const stranger = await callRoute(routeTable, route, undefined)
    assert.equal(isAllowed(stranger), access === 'stranger', route.id)
    if (access !== 'stranger') assert.equal(stranger.status, 401, route.id)
  }
  for (const right of ['Listen', 'Send', 'Manage'] as const) assert.equal(await mayOnDataDoor(right, 'nobody'), false)
})

test('the routes that need no role are exactly those of the list', () => {
  assert.deepEqual(openRoutes(routeTable), open)
})

test('a route that somebody adds is closed: without access to everybody, with an action to whoever lacks it', async () => {
  const path = '/subscriptions/{subscriptionId}/providers/Some.Thing/else'
  const plant = (route: Partial<Route>): readonly Route[] => [
    ...routeTable,
    { id: 'Planted', method: 'POST', path, versions: 'none', summary: '', statuses: [299], ...route } as Route,
  ]
  const withoutAccess = plant({})
  const unexpected = await callRoute(withoutAccess, withoutAccess.at(-1)!, 'owner')
  assert.equal(unexpected.status, 500)
  const withAction = plant({ access: { action: 'Some.Thing/else/action' } })
  const status = async (as: string): Promise<number> => (await callRoute(withAction, withAction.at(-1)!, as)).status
  assert.deepEqual(
    [await status('Owner@/'), await status('Reader@/'), await status('Azure Relay Owner@/'), await status('nobody')],
    [299, 403, 403, 403],
  )
  const forEverybody = plant({ access: { anyone: 'signedIn' } })
  assert.notDeepEqual(openRoutes(forEverybody), open)
})

/** Ids of the routes that need no role. */
function openRoutes(routes: readonly Route[]): Readonly<Record<string, readonly string[]>> {
  const of = (anyone: 'signedIn' | 'stranger'): readonly string[] =>
    routes
      .filter(({ access }) => 'anyone' in access && access.anyone === anyone)
      .map(({ id }) => id)
      .toSorted()
  return { stranger: of('stranger'), signedIn: of('signedIn') }
}

/** Read, write, delete or the last word of a POST, of the types that the path names behind its last provider. */
function actionOf({ id, method, path, access }: Route): string {
  if ('anyone' in access) return 'open'
  const irregular = irregularActions[id]
  if (irregular !== undefined) return irregular
  const verb = { GET: 'read', HEAD: 'read', PUT: 'write', PATCH: 'write', DELETE: 'delete', POST: 'action' }[method]
  const at = path.toLowerCase().lastIndexOf('/providers/')
  const typed = at < 0 ? `Microsoft.Resources${path}` : path.slice(at + '/providers/'.length)
  const words = typed.split('/').filter((word) => !word.startsWith('{') && !onlyNames.has(word))
  return [...words, verb].join('/')
}

/** Words of paths that are the name of the only one of its type. */
const onlyNames = new Set(['default', 'limit', 'management'])

function pathOf({ path }: Route): string {
  return path.replace(/\{\+?(\w+)\}/g, (_, name: string) => samples[name] ?? 'x')
}

/** By whole segments, in any case. */
function covers(scope: string, path: string): boolean {
  const above = scope === '/' ? '/' : `${scope.toLowerCase()}/`
  return `${path.toLowerCase()}/`.startsWith(above)
}

function allows(patterns: readonly string[] = [], except: readonly string[] = [], action: string): boolean {
  return patterns.some((pattern) => fits(pattern, action)) && !except.some((pattern) => fits(pattern, action))
}

/** Piece by piece, where the role book makes one regular expression. */
function fits(pattern: string, action: string): boolean {
  const text = action.toLowerCase()
  const pieces = pattern.toLowerCase().split('*')
  const first = pieces.shift() ?? ''
  const last = pieces.pop()
  if (last === undefined) return text === first
  let at = first.length
  for (const piece of pieces) {
    const found = text.indexOf(piece, at)
    if (found < 0) return false
    at = found + piece.length
  }
  return text.startsWith(first) && text.endsWith(last) && text.length - last.length >= at
}

function callerOf(id: string): Caller {
  return { id, principalIds: [id], name: id, kind: 'servicePrincipal', expiresAtMs: Number.POSITIVE_INFINITY }
}

/** Calls a route whose handler does nothing but answer: what is left is who may. */
function callRoute(routes: readonly Route[], route: Route, as: string | undefined): Promise<ArmReply> {
  const router = new ArmRouter({
    routes,
    handlers: Object.fromEntries(routes.map(({ id }) => [id, () => ({ status: 299 })])),
    authenticate: (token) => Promise.resolve(callerOf(decodeURIComponent(token))),
    roles: bed.parts.roles,
    authorizationUri: () => '',
    admitAddress: () => {},
    onCall: () => {},
    onUnexpected: () => {},
  })
  const known = apiVersions[route.versions]
  const version = typeof known === 'string' ? '2021-04-01' : known[0]
  return router.handle({
    method: route.method,
    url: `${pathOf(route)}?api-version=${version}`,
    headers: as === undefined ? {} : { authorization: `Bearer ${encodeURIComponent(as)}` },
    origin: 'https://manage.relay.test',
    address: '127.0.0.1',
    port: 1,
    requestId: 'request-id',
    signal: new AbortController().signal,
    readBody: () => Promise.resolve(new Uint8Array(0)),
    onAuthorized: () => {},
  })
}

/** A missing body is complained about only to those who may send one. */
function isAllowed({ status }: ArmReply): boolean {
  assert.ok([299, 400, 401, 403].includes(status), `status ${status}`)
  return status === 299 || status === 400
}

/** What the data door asks for, as Azure's roles spell it; `Manage` stands for reading and changing by ATOM. */
const dataActions: Readonly<Record<Right, string>> = {
  Listen: 'Microsoft.Relay/namespaces/messages/listen/action',
  Send: 'Microsoft.Relay/namespaces/messages/send/action',
  Manage: 'Microsoft.Relay/namespaces/messages/manage/action',
}

async function mayOnDataDoor(right: Right, as: string): Promise<boolean> {
  const { roles, documents, catalog } = bed.parts
  const tokens = { verifyCached: () => callerOf(as), verify: () => Promise.resolve(callerOf(as)) }
  const decision = await new Authorizer({ tokens, roles, documents }).authorize({
    namespace: catalog.namespaceByName('contoso') as Namespace,
    entity: catalog.get('contoso', 'db'),
    path: 'db',
    token: 'Bearer a.b.c',
    rights: [right],
    nowMs: 0,
    graceMs: 0,
    ownsHost: () => true,
  })
  return decision.allowed
}
