import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endpointOfMetadata, parseEndpoint } from './endpoint.ts'

test('hosts are in lower case, so that they can be compared', () => {
  const endpoint = { host: 'db.corp', port: 5432 }
  assert.deepEqual(parseEndpoint('DB.corp:5432'), endpoint)
  assert.deepEqual(endpointOfMetadata('[{"key":"endpoint","value":"Db.Corp:5432"}]'), endpoint)
  assert.equal(parseEndpoint('db'), undefined)
  assert.equal(endpointOfMetadata(undefined), undefined)
})
