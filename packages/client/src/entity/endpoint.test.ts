import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatEndpoint, parseEndpoint } from './endpoint.ts'
import { endpointOfMetadata } from './user-metadata.ts'

test('names, addresses and bracketed IPv6 addresses with a port are endpoints, in lower case', () => {
  assert.deepEqual(parseEndpoint('DB.corp:5432'), { host: 'db.corp', port: 5432 })
  assert.deepEqual(parseEndpoint('10.0.0.5:1'), { host: '10.0.0.5', port: 1 })
  assert.deepEqual(parseEndpoint('[fd00::1]:65535'), { host: 'fd00::1', port: 65_535 })
  assert.equal(formatEndpoint({ host: 'fd00::1', port: 5432 }), '[fd00::1]:5432')
})

test('everything else is none', () => {
  for (const text of [
    '',
    'db',
    'db:',
    ':1',
    'db:0',
    'db:65536',
    'db:5432/x',
    'a b:1',
    '[db]:1',
    'http://db:1',
    'db:1:2',
  ])
    assert.equal(parseEndpoint(text), undefined, text)
})

test('the endpoint is read from metadata whatever else stands there', () => {
  const endpoint = { host: 'db.corp', port: 5432 }
  assert.deepEqual(endpointOfMetadata('[{"key":"endpoint","value":"db.corp:5432"}]'), endpoint)
  assert.deepEqual(endpointOfMetadata('[null,{"key":"x"},{"key":"Endpoint","value":"db.corp:5432"}]'), endpoint)
  for (const text of [undefined, '', 'db.corp:5432', '{}', '[]', '[{"key":"endpoint","value":5432}]', '[{"key":1}]'])
    assert.equal(endpointOfMetadata(text), undefined, text)
})
