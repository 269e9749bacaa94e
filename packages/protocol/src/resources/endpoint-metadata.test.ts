import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  addEndpointToMetadata,
  endpointOfMetadata,
  metadataEndpointProblem,
  withMetadataEndpoint,
} from './endpoint-metadata.ts'

test('the endpoint is found in userMetadata as App Service writes it', () => {
  assert.deepEqual(endpointOfMetadata('[{"key":"endpoint","value":"db.corp:5432"}]'), { host: 'db.corp', port: 5432 })
  assert.deepEqual(endpointOfMetadata('[{"key":"a","value":"b"},{"key":"Endpoint","value":"db:1"}]'), {
    host: 'db',
    port: 1,
  })
  const beside = '[null,1,{"key":"x"},{"key":"endpoint","value":"db:1"}]'
  assert.deepEqual(endpointOfMetadata(beside), { host: 'db', port: 1 })
})

test('userMetadata without an endpoint has none, whatever it is', () => {
  const others = [
    undefined,
    '',
    'text',
    '{}',
    'null',
    '[null]',
    '[{"key":1}]',
    '[{"key":"endpoint"}]',
    '[{"key":"endpoint","value":1}]',
    '[{"key":"endpoint","value":"db"}]',
  ]
  for (const text of others) assert.equal(endpointOfMetadata(text), undefined, text)
})

test('an endpoint joins what userMetadata holds already', () => {
  const endpoint = { host: 'db.corp', port: 5432 }
  const written = '[{"key":"endpoint","value":"db.corp:5432"}]'
  assert.deepEqual(addEndpointToMetadata(undefined, endpoint), { userMetadata: written })
  assert.deepEqual(addEndpointToMetadata('[]', endpoint), { userMetadata: written })
  assert.deepEqual(addEndpointToMetadata('[{"key":"owner","value":"me"}]', endpoint), {
    userMetadata: '[{"key":"owner","value":"me"},{"key":"endpoint","value":"db.corp:5432"}]',
  })
  const same = '[ {"key":"endpoint","value":"db.corp:5432"} ]'
  assert.deepEqual(addEndpointToMetadata(same, endpoint), { userMetadata: same })
  assert.equal(addEndpointToMetadata('[{"key":"endpoint","value":"other:1"}]', endpoint), 'different')
  assert.equal(addEndpointToMetadata('some text', endpoint), 'unreadable')
})

test('an endpoint in metadata is right, absent, or complained about', () => {
  const metadata = (value: unknown) => JSON.stringify([{ key: 'Endpoint', value }])
  for (const fine of ['', 'text', '{', '[]', '[1]', '[{"key":"other"}]', metadata('db:1')]) {
    assert.equal(metadataEndpointProblem(fine), undefined, fine)
  }
  for (const bad of ['db', 'db:0', 5, null, undefined, {}]) {
    assert.match(metadataEndpointProblem(metadata(bad)) ?? '', /must be host:port/)
  }
  assert.ok((metadataEndpointProblem(metadata('x'.repeat(5000))) ?? '').length < 250)
})

test('an endpoint takes the place of the one in the metadata, or goes, and other entries stay', () => {
  const endpoint = { host: 'db', port: 1 }
  assert.equal(withMetadataEndpoint(undefined, endpoint), '[{"key":"endpoint","value":"db:1"}]')
  const standing = '[{"key":"ENDPOINT","value":"x"},{"key":"owner","value":1}]'
  assert.equal(
    withMetadataEndpoint(standing, endpoint),
    '[{"key":"owner","value":1},{"key":"endpoint","value":"db:1"}]',
  )
  assert.equal(withMetadataEndpoint(standing, undefined), '[{"key":"owner","value":1}]')
  assert.equal(withMetadataEndpoint('text', endpoint), undefined)
  assert.equal(withMetadataEndpoint('text', undefined), 'text')
})
