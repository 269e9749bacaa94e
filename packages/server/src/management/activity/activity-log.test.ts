import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { AuditRecord } from '../../domain/audit-record.ts'
import { exampleRecord } from '../../storage/audit-store.contract.ts'
import { type ArmBed, type ArmCallOptions, type Json, openArmBed } from '../arm-calls.contract.ts'

const values = '/subscriptions/s/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01'
const group = '/subscriptions/s/resourceGroups/rg'
const namespace = `${group}/providers/Microsoft.Relay/namespaces/contoso`
const ever = "eventTimestamp ge '2026-01-01T00:00:00Z'"

async function openBed(t: TestContext, records: readonly AuditRecord[] = history): Promise<ArmBed> {
  const bed = await openArmBed()
  t.after(() => bed[Symbol.asyncDispose]())
  bed.audit.append(records)
  return bed
}

function list(bed: ArmBed, filter: string, options?: ArmCallOptions, more = ''): ReturnType<ArmBed['call']> {
  return bed.call('GET', `${values}&$filter=${encodeURIComponent(filter)}${more}`, options)
}

const tracked = ({ value }: Json): string[] => value.map(({ operationId }: Json) => operationId)

test("an event has Azure's members, in Azure's words", async (t) => {
  const bed = await openBed(t)
  const { json } = await list(bed, `${ever} and resourceUri eq '${namespace}/hybridConnections/a/b'`)
  const [event, ...more] = json.value
  assert.deepEqual(more, [])
  assert.match(event.eventDataId, /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/)
  assert.deepEqual(event, {
    authorization: {
      action: 'Microsoft.Relay/namespaces/hybridConnections/write',
      scope: `${namespace}/hybridConnections/a/b`,
      role: 'Owner',
    },
    caller: 'ann@example.test',
    category: { value: 'Administrative', localizedValue: 'Administrative' },
    claims: {
      'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name': 'user:ann@example.test',
      'http://schemas.microsoft.com/identity/claims/objectidentifier': 'ann-id',
    },
    correlationId: 'work-1',
    description: '',
    eventDataId: event.eventDataId,
    eventName: { value: 'EndRequest', localizedValue: 'End request' },
    eventTimestamp: '2026-01-02T00:00:00.000Z',
    httpRequest: { clientRequestId: 'request-1', clientIpAddress: '2001:db8::1', method: 'PUT' },
    // date -u -d 2026-01-02 +%s, then (seconds + 62135596800) * 10^7
    id: `${namespace}/hybridConnections/a/b/events/${event.eventDataId}/ticks/639029088000000000`,
    level: 'Informational',
    operationId: 't2',
    operationName: {
      value: 'Microsoft.Relay/namespaces/hybridConnections/write',
      localizedValue: 'Microsoft.Relay/namespaces/hybridConnections/write',
    },
    properties: { statusCode: 'Created' },
    resourceGroupName: 'rg',
    resourceId: `${namespace}/hybridConnections/a/b`,
    resourceProviderName: { value: 'Microsoft.Relay', localizedValue: 'Microsoft.Relay' },
    resourceType: {
      value: 'Microsoft.Relay/namespaces/hybridConnections',
      localizedValue: 'Microsoft.Relay/namespaces/hybridConnections',
    },
    status: { value: 'Succeeded', localizedValue: 'Succeeded' },
    subStatus: { value: 'Created', localizedValue: 'Created (HTTP Status Code: 201)' },
    submissionTimestamp: '2026-01-02T00:00:00.000Z',
    subscriptionId: 's',
    tenantId: event.tenantId,
  })
})

test('what was refused says so, and what has no group or role has none', async (t) => {
  const bed = await openBed(t)
  const { json } = await list(bed, `${ever} and status eq 'Failed'`)
  const [failed, refused] = json.value
  assert.deepEqual(
    [refused.level, refused.status.value, refused.subStatus.localizedValue, refused.authorization.role],
    ['Error', 'Failed', 'Forbidden (HTTP Status Code: 403)', undefined],
  )
  assert.deepEqual(refused.properties, { statusCode: 'Forbidden', statusMessage: 'AccessDenied: no' })
  assert.deepEqual(
    [failed.resourceGroupName, failed.resourceType.value, failed.caller, failed.subStatus.value],
    ['', 'Microsoft.Authorization/roleAssignments', 'app-id', 'NotFound'],
  )
})

const filters: readonly (readonly [string, readonly string[]])[] = [
  ['', ['t5', 't4', 't3', 't2']],
  [" and eventTimestamp le '2026-01-03T00:00:00.0000000Z'", ['t3', 't2']],
  [" and eventTimestamp lt '2026-01-03'", ['t2']],
  [" and resourceGroupName eq 'RG'", ['t4', 't3', 't2']],
  [" and resourceGroupName eq 'r'", []],
  [` and resourceUri eq '${namespace.toUpperCase()}'`, ['t3', 't2']],
  [` and resourceId eq '${group}'`, ['t4', 't3', 't2']],
  [" and resourceProvider eq 'microsoft.relay'", ['t3', 't2']],
  [" and resourceProvider eq 'Microsoft.Resources'", ['t4']],
  [" and correlationId eq 'work-1'", ['t2']],
  [" and correlationId eq 't3'", ['t3']],
  [" and caller eq 'ann@example.test'", ['t2']],
  [" and caller eq 'app-id'", ['t5', 't4', 't3']],
  [" and status eq 'Succeeded' and eventChannels eq 'Admin, Operation'", ['t3', 't2']],
]

test('each of the filters that Azure documents finds what fits: changes of this subscription, and no reads', async (t) => {
  const bed = await openBed(t)
  for (const [filter, expected] of filters) {
    const { status, json } = await list(bed, ever + filter)
    assert.equal(status, 200, filter)
    assert.deepEqual(tracked(json), expected, filter)
  }
})

test('a filter that reaches beyond the subscription, or says no beginning, or nonsense, is refused', async (t) => {
  const bed = await openBed(t)
  for (const filter of [
    '',
    "eventTimestamp le '2026-01-01'",
    "eventTimestamp ge 'yesterday'",
    "eventTimestamp eq '2026-01-01'",
    `${ever} and resourceUri eq '/subscriptions/other'`,
    `${ever} and resourceUri eq '/subscriptions/s2'`,
    `${ever} and resourceUri eq ''`,
    `${ever} and resourceGroupName eq 'rg/providers'`,
    `${ever} and resourceGroupName eq ''`,
    `${ever} and status eq 'Started'`,
    `${ever} and constructor eq 'x'`,
    `${ever} and atScope()`,
    `${ever} or resourceGroupName eq 'x'`,
  ]) {
    const { status, json } = await list(bed, filter)
    assert.deepEqual([status, json.error.code], [400, 'InvalidRequestContent'], filter)
  }
})

test('whoever may read the subscription may read its log, and nobody else', async (t) => {
  const bed = await openBed(t)
  await bed.assign('reader', 'Reader', '/subscriptions/s')
  await bed.assign('neighbour', 'Owner', '/subscriptions/other')
  await bed.assign('below', 'Owner', group)
  assert.equal((await list(bed, ever, { as: 'reader' })).json.value.length, 4)
  for (const as of ['neighbour', 'below', 'nobody']) assert.equal((await list(bed, ever, { as })).status, 403, as)
})

test('pages follow their links to the end, and $select leaves what it names', async (t) => {
  const bed = await openBed(t)
  const seen: string[] = []
  let url = `${values}&$top=3&$select=operationId,nothing&$filter=${encodeURIComponent(ever)}`
  for (let page = 0; url !== ''; page += 1) {
    const { json } = await bed.call('GET', url)
    seen.push(...tracked(json))
    for (const event of json.value) assert.deepEqual(Object.keys(event), ['operationId'])
    url = json.nextLink?.replace('https://manage.relay.test', '') ?? ''
    assert.ok(page < 3)
  }
  assert.deepEqual(seen, ['t5', 't4', 't3', 't2'])
  for (const token of ['x', Buffer.from('0').toString('base64url'), Buffer.from('-1').toString('base64url')]) {
    assert.equal((await list(bed, ever, {}, `&$skipToken=${token}`)).status, 400, token)
  }
})

const app = 'app:shop (app-id)'

/** In order of time, which is that of the tracking ids. */
const history: readonly AuditRecord[] = [
  { action: 'Microsoft.Relay/namespaces/read', scope: namespace, status: 200, call: { method: 'GET' } },
  {
    principal: 'user:ann@example.test (ann-id)',
    action: 'Microsoft.Relay/namespaces/hybridConnections/write',
    scope: `${namespace}/hybridConnections/a/b`,
    reason: 'Owner at /subscriptions/s',
    source: '[2001:db8::1]:4711',
    status: 201,
    call: { method: 'PUT', correlationId: 'work-1', clientRequestId: 'request-1' },
  },
  { action: 'Microsoft.Relay/namespaces/authorizationRules/listKeys/action', scope: namespace, status: 200 },
  {
    action: 'Microsoft.Resources/subscriptions/resourceGroups/write',
    scope: group,
    result: 'refused' as const,
    reason: 'AccessDenied: no',
    status: 403,
  },
  {
    action: 'Microsoft.Authorization/roleAssignments/write',
    scope: '/subscriptions/s/providers/Microsoft.Authorization/roleAssignments/r',
    result: 'failed' as const,
    status: 404,
    call: { method: 'PUT' },
  },
  { action: 'Microsoft.Relay/namespaces/write', scope: namespace.replace('/s/', '/s2/') },
  { kind: 'stream' as const, action: 'connect', scope: namespace },
  { kind: 'signIn' as const, action: 'token', scope: '/' },
].map((more, index) =>
  exampleRecord({ principal: app, at: new Date(Date.UTC(2026, 0, index + 1)), trackingId: `t${index + 1}`, ...more }),
)
