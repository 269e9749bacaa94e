import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RelayError } from '@postern/protocol'
import { openArmBed } from './arm-calls.contract.ts'
import { ArmRouter } from './arm-router.ts'
import { routeTable } from './route-table.ts'

const group = '/subscriptions/s/resourceGroups/g'
const version = '?api-version=2021-04-01'

test('a stranger gets 401 for every path but the open ones, whether it leads anywhere or not', async () => {
  await using bed = await openArmBed()
  for (const url of ['/subscriptions', '/nothing/at/all', '/%zz', `${group}${version}`]) {
    const reply = await bed.call('GET', url, { headers: { authorization: '' } })
    assert.deepEqual([reply.status, reply.json.error.code], [401, 'AuthenticationFailed'], url)
    assert.match(
      reply.headers?.['WWW-Authenticate'] ?? '',
      /^Bearer authorization_uri="https:\/\/manage\.relay\.test\//,
    )
  }
  assert.equal((await bed.call('GET', `/metadata/endpoints${version}`, { headers: { authorization: '' } })).status, 200)
})

test('an Authorization header of another kind is refused without a look at it', async () => {
  await using bed = await openArmBed()
  for (const authorization of ['Basic YTpi', 'Bearer', 'Bearer a b', 'owner']) {
    const reply = await bed.call('GET', '/subscriptions', { headers: { authorization } })
    assert.deepEqual([reply.status, reply.json.error.code], [401, 'InvalidAuthenticationToken'], authorization)
  }
})

test('whoever has no role is told action and scope, and nothing of what is there', async () => {
  await using bed = await openArmBed()
  const reply = await bed.call('GET', `${group}${version}`, { as: 'nobody' })
  assert.deepEqual([reply.status, reply.json.error.code], [403, 'AuthorizationFailed'])
  assert.match(reply.json.error.message, /'nobody'.*resourceGroups\/read.*\/subscriptions\/s\/resourcegroups\/g/i)
})

test('a version is demanded, and one that nobody knows is answered with the list', async () => {
  await using bed = await openArmBed()
  const missing = await bed.call('GET', group)
  assert.deepEqual([missing.status, missing.json.error.code], [400, 'MissingApiVersionParameter'])
  const unknown = await bed.call('GET', `${group}?api-version=tomorrow`)
  assert.deepEqual([unknown.status, unknown.json.error.code], [400, 'InvalidApiVersionParameter'])
  assert.equal((await bed.call('GET', `/subscriptions?API-Version=2020-01-01`)).status, 200)
})

test('an unknown path is 404, a known one with another method 405 with those that there are', async () => {
  await using bed = await openArmBed()
  const unknown = await bed.call('GET', '/subscriptions/s/providers/Some.Thing/else?api-version=2020-01-01')
  assert.deepEqual([unknown.status, unknown.json.error.code], [404, 'InvalidResourceType'])
  const method = await bed.call('POST', `${group}${version}`)
  assert.equal(method.status, 405)
  assert.match(method.json.error.message, /GET/)
})

test('paths are compared in any case and names decoded after splitting', async () => {
  await using bed = await openArmBed()
  const put = await bed.call('PUT', `/SUBSCRIPTIONS/s/ResourceGroups/g%28x%29${version}`, {
    body: { LOCATION: 'here' },
  })
  assert.deepEqual([put.status, put.json.name, put.json.location], [201, 'g(x)', 'here'])
  for (const bad of ['%2e%2e', '%0a', '%', 'x'.repeat(600)]) {
    assert.equal((await bed.call('GET', `/subscriptions/s/resourceGroups/${bad}${version}`)).status, 404, bad)
  }
})

test('empty segments do not count: @azure/arm-authorization sends them where a resource has no parent', async () => {
  await using bed = await openArmBed()
  await bed.call('PUT', `${group}${version}`, { body: { location: 'x' } })
  for (const path of ['//subscriptions/s//resourceGroups/g/', '/subscriptions/s/resourceGroups//g']) {
    assert.equal((await bed.call('GET', `${path}${version}`)).json.name, 'g', path)
  }
  await bed.assign('other', 'Owner', '/subscriptions/s/resourceGroups/other')
  for (const path of ['/subscriptions/s//resourceGroups/g', '/subscriptions//s/resourceGroups/g']) {
    assert.equal((await bed.call('GET', `${path}${version}`, { as: 'other' })).status, 403, path)
  }
  assert.equal((await bed.call('GET', `/subscriptions//resourceGroups/g${version}`)).status, 404)
})

test('what clients poll says when to look again', async () => {
  await using bed = await openArmBed()
  await bed.call('PUT', `${group}${version}`, { body: { location: 'x' } })
  const url = `${group}/providers/Microsoft.Relay/namespaces/contoso?api-version=2021-11-01`
  assert.equal((await bed.call('PUT', url, { body: { location: 'x' } })).headers?.['Retry-After'], '1')
  assert.equal((await bed.call('GET', url)).headers?.['Retry-After'], undefined)
  assert.equal((await bed.call('PUT', url, { body: {} })).headers?.['Retry-After'], undefined)
})

test('a subscription or group with an encoded slash is none', async () => {
  await using bed = await openArmBed()
  await bed.assign('local', 'Owner', group)
  for (const path of [
    '/subscriptions/s%2FresourceGroups%2Fg/resourceGroups/x',
    '/subscriptions/s/resourceGroups/g%2Fx',
    '/subscriptions/s%2fresourceGroups%2fg',
  ]) {
    assert.equal((await bed.call('GET', `${path}${version}`, { as: 'local' })).status, 404, path)
    const put = await bed.call('PUT', `${path}${version}`, { as: 'local', body: { location: 'x' } })
    assert.deepEqual([put.status, put.json.error.code], [404, 'InvalidResourceType'], path)
  }
})

test('a body that is missing, no JSON, or wrong is refused with what is wrong', async () => {
  await using bed = await openArmBed()
  for (const [body, text] of [
    [undefined, /needs a JSON body/],
    ['{', /not valid JSON/],
    ['\u0000', /not valid JSON/],
    [{}, /location/],
    [{ location: 5 }, /location/],
    [{ location: 'a', tags: { a: 5 } }, /tags\.a/],
    [[], /expected object/i],
    [null, /expected object/i],
  ] as const) {
    const reply = await bed.call('PUT', `${group}${version}`, { body })
    assert.deepEqual([reply.status, reply.json.error.code], [400, 'InvalidRequestContent'], JSON.stringify(body))
    assert.match(reply.json.error.message, text)
  }
  assert.equal((await bed.call('PUT', `${group}${version}`, { body: '{"__proto__":{"location":"x"}}' })).status, 400)
})

test('a role is asked before the body is read', async () => {
  await using bed = await openArmBed()
  let read = false
  const router = new ArmRouter({
    routes: routeTable,
    handlers: Object.fromEntries(routeTable.map(({ id }) => [id, () => ({ status: 200 })])),
    authenticate: () =>
      Promise.resolve({ id: 'x', principalIds: ['x'], name: 'x', kind: 'user', expiresAtMs: Number.POSITIVE_INFINITY }),
    roles: bed.parts.roles,
    authorizationUri: () => '',
    admitAddress: () => {
      throw new RelayError('AddressNotAllowed')
    },
    onCall: () => {},
    onUnexpected: () => {},
  })
  const request = {
    method: 'PUT',
    url: `${group}${version}`,
    headers: { authorization: 'Bearer x' },
    origin: 'https://a',
    address: '192.0.2.1',
    port: 1,
    requestId: 'r',
    signal: new AbortController().signal,
    readBody: () => {
      read = true
      return Promise.resolve(new Uint8Array(0))
    },
    onAuthorized: () => {
      read = true
    },
  }
  assert.equal((await router.handle(request)).status, 401)
  assert.equal(read, false)
})

test('a route without a handler does not start', () => {
  const options = {
    authenticate: () => Promise.reject(new RelayError('AuthenticationInvalid')),
    authorizationUri: () => '',
    admitAddress: () => {},
    onCall: () => {},
    onUnexpected: () => {},
  }
  assert.throws(
    () => new ArmRouter({ ...options, routes: routeTable, handlers: {}, roles: undefined as never }),
    /routes without handler/,
  )
})

test('every call is told to the audit log with action, scope, status and role', async () => {
  await using bed = await openArmBed()
  await bed.call('PUT', `${group}${version}`, { body: { location: 'here' } })
  await bed.call('GET', `${group}${version}`, { as: 'nobody' })
  assert.deepEqual(
    bed.outcomes.map(({ route, caller, scope, status, reason, code }) => [
      route?.id,
      caller?.id,
      scope,
      status,
      code ?? reason,
    ]),
    [
      ['ResourceGroups_CreateOrUpdate', 'owner', '/subscriptions/s/resourcegroups/g', 201, 'Owner at /'],
      ['ResourceGroups_Get', 'nobody', '/subscriptions/s/resourcegroups/g', 403, 'AccessDenied'],
    ],
  )
})
