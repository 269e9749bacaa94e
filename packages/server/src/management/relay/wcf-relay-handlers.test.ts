import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contoso, openRelayBed, version } from './relay-calls.contract.ts'

const relay = '/wcfRelays/w'
const rule = `${relay}/authorizationRules/r`
const body = { properties: { relayType: 'NetTcp', rights: ['Send'], keyType: 'PrimaryKey' } }

const answers = [
  ['GET', '/wcfRelays', 200],
  ['GET', relay, 'EntityNotFound'],
  ['PUT', relay, 'OperationNotSupported'],
  ['DELETE', relay, 204],
  ['GET', `${relay}/authorizationRules`, 200],
  ['GET', rule, 'EntityNotFound'],
  ['PUT', rule, 'OperationNotSupported'],
  ['DELETE', rule, 204],
  ['POST', `${rule}/listKeys`, 'EntityNotFound'],
  ['POST', `${rule}/regenerateKeys`, 'EntityNotFound'],
] as const

test('there are no WCF relays: reads say so, and making one is refused with what to do instead', async () => {
  await using bed = await openRelayBed()
  for (const [method, path, wanted] of answers) {
    for (const content of [body, undefined]) {
      const { status, json } = await bed.call(method, contoso + path + version, { body: content })
      assert.equal(json?.error?.code ?? status, wanted, `${method} ${path}`)
      if (status === 200) assert.deepEqual(json, { value: [] })
      if (wanted === 'OperationNotSupported') assert.match(json.error.message, /hybrid connection.*docs\/guide\//)
    }
  }
})

test('the namespace must be there, and a role too', async () => {
  await using bed = await openRelayBed()
  await bed.assign('reader', 'Reader', contoso)
  for (const [method, path] of answers) {
    const missing = await bed.call(method, `${contoso}2${path}${version}`, { body })
    assert.deepEqual([missing.status, missing.json.error.code], [404, 'ParentResourceNotFound'], `${method} ${path}`)
    assert.equal((await bed.call(method, contoso + path + version, { as: 'nobody', body })).status, 403)
    const isRead = method === 'GET'
    assert.equal((await bed.call(method, contoso + path + version, { as: 'reader', body })).status === 403, !isRead)
  }
})
