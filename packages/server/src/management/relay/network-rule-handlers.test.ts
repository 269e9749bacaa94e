import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contoso, declare, openRelayBed, version } from './relay-calls.contract.ts'

const ruleSet = `${contoso}/networkRuleSets/default`
const url = ruleSet + version

test('a namespace begins with rules that let everybody in', async () => {
  await using bed = await openRelayBed()
  const { json, status } = await bed.call('GET', url)
  assert.equal(status, 200)
  assert.deepEqual(json, {
    id: ruleSet,
    name: 'default',
    type: 'Microsoft.Relay/Namespaces/NetworkRuleSets',
    location: 'West US 2',
    properties: {
      defaultAction: 'Allow',
      defaultActions: {},
      publicNetworkAccess: 'Enabled',
      trustedServiceAccessEnabled: false,
      ipRules: [],
    },
  })
  assert.deepEqual((await bed.call('GET', `${contoso}/networkRuleSets${version}`)).json, { value: [json] })
  assert.equal((await bed.call('GET', `${contoso}/networkRuleSets/other${version}`)).status, 404)
})

test('rules of IPv4 and IPv6 with what they apply to are kept, and public access is the same one as the namespace has', async () => {
  await using bed = await openRelayBed()
  const properties = {
    defaultAction: 'Deny',
    defaultActions: { send: 'Allow' },
    publicNetworkAccess: 'Disabled',
    trustedServiceAccessEnabled: true,
    ipRules: [
      { ipMask: '10.0.0.0/8', action: 'Allow' },
      { ipMask: 'fd00::/8', action: 'Allow', appliesTo: ['listen', 'manage'] },
      { ipMask: '192.0.2.7', action: 'Allow' },
    ],
  }
  const put = await bed.call('PUT', url, { body: { properties } })
  assert.equal(put.status, 200)
  assert.deepEqual(put.json.properties, properties)
  assert.deepEqual((await bed.call('GET', url)).json, put.json)
  assert.equal((await bed.call('GET', contoso + version)).json.properties.publicNetworkAccess, 'Disabled')
  const opened = await bed.call('PATCH', contoso + version, {
    body: { properties: { publicNetworkAccess: 'Enabled' } },
  })
  assert.equal(opened.json.properties.publicNetworkAccess, 'Enabled')
  assert.deepEqual((await bed.call('GET', url)).json.properties, { ...properties, publicNetworkAccess: 'Enabled' })
})

test('a client that knows Azure alone widens nothing when it sends back what it read', async () => {
  await using bed = await openRelayBed()
  const ours = {
    defaultAction: 'Deny',
    defaultActions: { listen: 'Deny' },
    publicNetworkAccess: 'Disabled',
    ipRules: [{ ipMask: 'FD00::/8', appliesTo: ['listen'] }],
  }
  await bed.call('PUT', url, { body: { properties: ours } })
  const put = async (properties: unknown) => (await bed.call('PUT', url, { body: { properties } })).json.properties
  const azure = await put({ defaultAction: 'Deny', ipRules: [{ ipMask: 'fd00::/8', action: 'Allow' }] })
  assert.deepEqual(azure.ipRules, [{ ipMask: 'fd00::/8', action: 'Allow', appliesTo: ['listen'] }])
  assert.deepEqual([azure.defaultActions, azure.publicNetworkAccess], [{ listen: 'Deny' }, 'Disabled'])
  const named = await put({ defaultActions: { listen: null }, ipRules: [{ ipMask: 'fd00::/8', appliesTo: null }] })
  assert.deepEqual([named.defaultActions, named.ipRules], [{}, [{ ipMask: 'fd00::/8', action: 'Allow' }]])
  assert.deepEqual((await put({ defaultActions: null })).ipRules, [])
})

test('rules that would shut their author out of management are refused with his address', async () => {
  await using bed = await openRelayBed()
  const put = (address: string, ...ipRules: unknown[]) =>
    bed.call('PUT', url, { address, body: { properties: { defaultActions: { manage: 'Deny' }, ipRules } } })
  for (const [address, rule] of [
    ['198.51.100.7', { ipMask: '198.51.100.8' }],
    ['198.51.100.7', { ipMask: '198.51.100.0/24', appliesTo: ['listen', 'send'] }],
    ['2001:db8::1', { ipMask: '2001:db8::2' }],
    ['2001:db8::1', { ipMask: '10.0.0.0/8' }],
  ] as const) {
    const reply = await put(address, rule)
    assert.deepEqual([reply.status, reply.json.error.code], [400, 'InvalidRequestContent'])
    assert.ok(reply.json.error.message.includes(address))
  }
  assert.equal((await bed.call('GET', url)).json.properties.ipRules.length, 0)
  assert.equal((await put('198.51.100.7', { ipMask: '198.51.100.0/24', appliesTo: ['manage'] })).status, 200)
  assert.equal((await put('2001:db8::1', { ipMask: '2001:db8::/32' })).status, 200)
  const denied = { properties: { defaultAction: 'Deny', defaultActions: {} } }
  assert.equal(
    (await bed.call('PUT', url, { address: '203.0.113.1', body: denied })).status,
    200,
    'that is not about management',
  )
})

test('what is no rule is refused by name', async () => {
  await using bed = await openRelayBed()
  const put = async (properties: unknown) => {
    const { status, json } = await bed.call('PUT', url, { body: { properties } })
    return `${status} ${json.error?.message ?? ''}`
  }
  for (const ipMask of ['', '10.0.0.0/33', '10.0.0', 'fd00::/129', 'host.test', '10.0.0.0/8/8', '*', '1.2.3.4 ']) {
    assert.match(
      await put({ ipRules: [{ ipMask }] }),
      /^400 ipRules: ".*" is neither an IP address nor a network/,
      ipMask,
    )
  }
  assert.match(await put({ ipRules: [{ ipMask: '::1' }, { ipMask: '::1' }] }), /^400 .*twice/)
  assert.match(await put({ ipRules: [{ ipMask: '::1', action: 'Deny' }] }), /^400 .*ipRules\.0\.action/)
  assert.match(await put({ ipRules: [{ ipMask: '::1', appliesTo: [] }] }), /^400 .*appliesTo/)
  assert.match(await put({ ipRules: [{ ipMask: '::1', appliesTo: ['all'] }] }), /^400 .*appliesTo/)
  assert.match(await put({ defaultAction: 'Maybe' }), /^400 .*defaultAction/)
  assert.match(await put({ publicNetworkAccess: 'SecuredByPerimeter' }), /^400 .*perimeters/)
  const masks = Array.from({ length: 129 }, (_, at) => ({ ipMask: `10.0.${at}.0/24` }))
  assert.match(await put({ ipRules: masks }), /^400 .*ipRules/)
  assert.match(await put({ ipRules: masks.slice(1) }), /^200/)
})

test('an ETag guards the rules, a Reader reads them, and those of a declared namespace stay', async () => {
  await using bed = await openRelayBed()
  await bed.assign('reader', 'Reader', contoso)
  const { headers } = await bed.call('GET', url, { as: 'reader' })
  const tag = { 'if-match': headers?.['ETag'] ?? '' }
  assert.equal((await bed.call('PUT', url, { as: 'reader', body: {} })).status, 403)
  assert.equal((await bed.call('PUT', url, { body: {}, headers: tag })).status, 200)
  assert.equal((await bed.call('PUT', url, { body: {}, headers: tag })).status, 412)
  const elsewhere = url.replace('/subscriptions/s/', '/subscriptions/t/')
  for (const method of ['GET', 'PUT']) {
    assert.equal((await bed.call(method, elsewhere, { body: {} })).json.error.code, 'ParentResourceNotFound')
  }
  await declare(bed, 'ns/contoso')
  assert.equal((await bed.call('PUT', url, { body: {} })).status, 409)
})
