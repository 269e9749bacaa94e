import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConnectionString } from '@postern/protocol'
import type { ArmBed } from '../arm-calls.contract.ts'
import { keysJson } from './keys-json.ts'
import { contoso, declare, openRelayBed, version } from './relay-calls.contract.ts'

const db = `${contoso}/hybridConnections/db`
const owners = [contoso, db] as const
const ruleUrl = (owner: string, name = 'r', action = '') => `${owner}/authorizationRules/${name}${action}${version}`

async function open(): Promise<ArmBed> {
  const bed = await openRelayBed()
  await bed.call('PUT', db + version, { body: {} })
  return bed
}

const rights = (...names: string[]) => ({ body: { properties: { rights: names } } })

test('a new namespace has RootManageSharedAccessKey with two keys of its own', async () => {
  await using bed = await open()
  const { json } = await bed.call('GET', `${contoso}/authorizationRules${version}`)
  assert.deepEqual(json, {
    value: [
      {
        id: `${contoso}/authorizationRules/RootManageSharedAccessKey`,
        name: 'RootManageSharedAccessKey',
        type: 'Microsoft.Relay/Namespaces/AuthorizationRules',
        location: 'West US 2',
        properties: { rights: ['Listen', 'Send', 'Manage'] },
      },
    ],
  })
  const keys = await bed.call('POST', ruleUrl(contoso, 'rootmanagesharedaccesskey', '/listKeys'))
  const { primaryKey, secondaryKey } = keys.json
  assert.match(primaryKey, /^[A-Za-z0-9+/]{43}=$/)
  assert.notEqual(primaryKey, secondaryKey)
  assert.deepEqual(keys.json, {
    keyName: 'RootManageSharedAccessKey',
    primaryKey,
    secondaryKey,
    primaryConnectionString: `Endpoint=sb://contoso.relay.test:8443/;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=${primaryKey}`,
    secondaryConnectionString: `Endpoint=sb://contoso.relay.test:8443/;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=${secondaryKey}`,
  })
})

test('the connection string of a rule of a hybrid connection ends with its EntityPath', async () => {
  await using bed = await open()
  await bed.call('PUT', ruleUrl(db, 'defaultListener'), rights('Listen'))
  const { json } = await bed.call('POST', ruleUrl(db, 'defaultListener', '/listKeys'))
  assert.equal(
    json.primaryConnectionString,
    `Endpoint=sb://contoso.relay.test:8443/;SharedAccessKeyName=defaultListener;SharedAccessKey=${json.primaryKey};EntityPath=db`,
  )
  assert.equal(parseConnectionString(json.secondaryConnectionString).key, json.secondaryKey)
})

test('a data door on port 443 is not named in connection strings, as the pattern of the HCM demands', async () => {
  await using bed = await open()
  const namespace = bed.parts.catalog.namespaceByName('contoso')!
  const keys = keysJson({ ...bed.parts, dataPort: () => 443 }, { namespace, entityPath: 'db' }, namespace.rules[0]!)
  const { primaryConnectionString } = keys as { primaryConnectionString: string }
  assert.match(
    primaryConnectionString,
    /^Endpoint=sb:\/\/[a-zA-Z0-9.-]+\/;SharedAccessKeyName=[a-zA-Z0-9-]+;SharedAccessKey=[a-zA-Z0-9+/=]+;EntityPath=[a-zA-Z0-9-]+$/,
  )
})

for (const owner of owners) {
  const of = owner === db ? 'a hybrid connection' : 'a namespace'

  test(`${of}: a rule is made with keys, changed without losing them, deleted once`, async () => {
    await using bed = await open()
    const made = await bed.call('PUT', ruleUrl(owner, 'Mine'), rights('Send', 'Listen', 'Send'))
    assert.equal(made.status, 200)
    assert.deepEqual(made.json, {
      id: `${owner}/authorizationRules/Mine`,
      name: 'Mine',
      type:
        owner === db
          ? 'Microsoft.Relay/Namespaces/HybridConnections/AuthorizationRules'
          : 'Microsoft.Relay/Namespaces/AuthorizationRules',
      location: 'West US 2',
      properties: { rights: ['Listen', 'Send'] },
    })
    const keys = await bed.call('POST', ruleUrl(owner, 'mine', '/listkeys'))
    const changed = await bed.call('PUT', ruleUrl(owner, 'MINE'), rights('Listen', 'Manage', 'Send'))
    assert.deepEqual([changed.json.name, changed.json.properties.rights], ['Mine', ['Listen', 'Send', 'Manage']])
    assert.deepEqual((await bed.call('POST', ruleUrl(owner, 'Mine', '/listKeys'))).json, keys.json)
    assert.deepEqual((await bed.call('GET', ruleUrl(owner, 'mine'))).json, changed.json)
    assert.equal((await bed.call('DELETE', ruleUrl(owner, 'mine'))).status, 200)
    assert.equal((await bed.call('DELETE', ruleUrl(owner, 'mine'))).status, 204)
    for (const [method, action] of [
      ['GET', ''],
      ['POST', '/listKeys'],
      ['POST', '/regenerateKeys'],
    ] as const) {
      const reply = await bed.call(method, ruleUrl(owner, 'mine', action), { body: { keyType: 'PrimaryKey' } })
      assert.deepEqual([reply.status, reply.json.error.code], [404, 'ResourceNotFound'], action)
    }
  })

  test(`${of}: regenerating replaces one key, by a made or a given one, and leaves the other`, async () => {
    await using bed = await open()
    await bed.call('PUT', ruleUrl(owner), rights('Send'))
    const regenerate = async (body: unknown) =>
      (await bed.call('POST', ruleUrl(owner, 'r', '/regenerateKeys'), { body })).json
    const before = (await bed.call('POST', ruleUrl(owner, 'r', '/listKeys'))).json
    const first = await regenerate({ keyType: 'primarykey' })
    assert.notEqual(first.primaryKey, before.primaryKey)
    assert.equal(first.secondaryKey, before.secondaryKey)
    const own = 'Th9is3is8a82lot93of3774stu887ff122235='
    const second = await regenerate({ keyType: 'SecondaryKey', key: own })
    assert.deepEqual([second.primaryKey, second.secondaryKey], [first.primaryKey, own])
    assert.equal(parseConnectionString(second.secondaryConnectionString).key, own)
    assert.deepEqual((await bed.call('POST', ruleUrl(owner, 'r', '/listKeys'))).json, second)
    assert.notEqual((await regenerate({ keyType: 'PrimaryKey', key: null })).primaryKey, second.primaryKey)
    for (const key of ['', 'secret one', 'secret;two', 'secret\n', 'secrét', 's'.repeat(257)]) {
      const refused = await regenerate({ keyType: 'PrimaryKey', key })
      assert.equal(refused.error.code, 'InvalidRequestContent', key)
      assert.doesNotMatch(refused.error.message, /secr|sss/)
    }
    for (const body of [{}, { keyType: 'Primary' }, { keyType: 'PrimaryKeys' }, undefined]) {
      assert.equal((await regenerate(body)).error.code, 'InvalidRequestContent')
    }
  })

  test(`${of}: a rule without rights, with Manage alone, or with a bad name is refused`, async () => {
    await using bed = await open()
    for (const names of [[], ['Manage'], ['Manage', 'Send'], ['Read'], ['listen']]) {
      const reply = await bed.call('PUT', ruleUrl(owner), rights(...names))
      assert.deepEqual([reply.status, reply.json.error.code], [400, 'InvalidRequestContent'], names.join())
    }
    const manage = await bed.call('PUT', ruleUrl(owner), rights('Manage'))
    assert.match(manage.json.error.message, /Manage comes only together with Listen and Send/)
    for (const name of ['a%20b', '-a', 'a'.repeat(257), 'a%3Bb']) {
      assert.equal((await bed.call('PUT', ruleUrl(owner, name), rights('Send'))).status, 400, name)
    }
  })

  test(`${of}: there are at most 12 rules, and those can be changed`, async () => {
    await using bed = await open()
    const standing = owner === db ? 0 : 1
    for (let at = standing; at < 12; at += 1) {
      assert.equal((await bed.call('PUT', ruleUrl(owner, `r${at}`), rights('Send'))).status, 200)
    }
    const reply = await bed.call('PUT', ruleUrl(owner, 'more'), rights('Send'))
    assert.deepEqual([reply.status, reply.json.error.code], [403, 'QuotaExceeded'])
    assert.equal((await bed.call('PUT', ruleUrl(owner, 'r5'), rights('Listen'))).status, 200)
  })

  test(`${of}: an ETag guards its rules, and * asks for the rule itself`, async () => {
    await using bed = await open()
    const put = (name: string, headers: Record<string, string>) =>
      bed.call('PUT', ruleUrl(owner, name), { ...rights('Send'), headers })
    assert.equal((await put('r', { 'if-match': '*' })).status, 412)
    const made = await put('r', { 'if-none-match': '*' })
    assert.equal(made.status, 200)
    assert.equal((await put('r', { 'if-none-match': '*' })).status, 412)
    const tag = { 'if-match': made.headers?.['ETag'] ?? '' }
    assert.equal((await put('r', tag)).status, 200)
    assert.equal((await put('r', tag)).status, 412)
    assert.equal((await bed.call('DELETE', ruleUrl(owner), { headers: tag })).status, 412)
    assert.equal((await bed.call('DELETE', ruleUrl(owner), { headers: { 'if-match': '*' } })).status, 200)
    assert.equal((await bed.call('DELETE', ruleUrl(owner), { headers: { 'if-match': '*' } })).status, 412)
  })

  test(`${of}: keys are answered only to who may list them, and are nowhere else`, async () => {
    await using bed = await open()
    await bed.call('PUT', ruleUrl(owner), rights('Send'))
    await bed.assign('reader', 'Reader', contoso)
    for (const [action, body] of [
      ['/listKeys', undefined],
      ['/regenerateKeys', { keyType: 'PrimaryKey' }],
    ] as const) {
      const reply = await bed.call('POST', ruleUrl(owner, 'r', action), { as: 'reader', body })
      assert.deepEqual([reply.status, reply.json.error.code], [403, 'AuthorizationFailed'])
    }
    const { json, headers } = await bed.call('POST', ruleUrl(owner, 'r', '/listKeys'))
    assert.equal(headers?.['Cache-Control'], 'no-store')
    const others = [
      await bed.call('GET', ruleUrl(owner), { as: 'reader' }),
      await bed.call('GET', `${owner}/authorizationRules${version}`, { as: 'reader' }),
      await bed.call('GET', owner + version, { as: 'reader' }),
      await bed.call('PUT', ruleUrl(owner), rights('Send')),
      await bed.call('PUT', ruleUrl(owner), rights('Manage')),
    ]
    const told = JSON.stringify([others, bed.outcomes.map(({ scope, reason, status }) => [scope, reason, status])])
    assert.equal(told.includes(json.primaryKey) || told.includes(json.secondaryKey), false)
  })

  test(`${of}: rules that the resources file declares are changed only there, and their keys can be listed`, async () => {
    await using bed = await open()
    await bed.call('PUT', ruleUrl(owner), rights('Send'))
    await declare(bed, owner === db ? 'hc/contoso/db' : 'ns/contoso')
    for (const [method, action, body] of [
      ['PUT', '', { properties: { rights: ['Listen'] } }],
      ['DELETE', '', undefined],
      ['POST', '/regenerateKeys', { keyType: 'PrimaryKey' }],
    ] as const) {
      const reply = await bed.call(method, ruleUrl(owner, 'r', action), { body })
      assert.deepEqual([reply.status, reply.json.error.code], [409, 'Conflict'], `${method} ${action}`)
    }
    assert.equal((await bed.call('POST', ruleUrl(owner, 'r', '/listKeys'))).status, 200)
  })

  test(`${of}: rules of what is not there, or stands elsewhere, have no parent`, async () => {
    await using bed = await open()
    const elsewhere = owner.replace('/subscriptions/s/', '/subscriptions/t/')
    for (const [method, action] of [
      ['GET', ''],
      ['PUT', ''],
      ['DELETE', ''],
      ['POST', '/listKeys'],
      ['POST', '/regenerateKeys'],
    ] as const) {
      const body = { properties: { rights: ['Send'] }, keyType: 'PrimaryKey' }
      const reply = await bed.call(method, ruleUrl(elsewhere, 'RootManageSharedAccessKey', action), { body })
      assert.deepEqual([reply.status, reply.json.error.code], [404, 'ParentResourceNotFound'], `${method} ${action}`)
    }
    const missing = await bed.call('GET', `${contoso}/hybridConnections/no/authorizationRules${version}`)
    assert.deepEqual([missing.status, missing.json.error.code], [404, 'EntityNotFound'])
  })
}
