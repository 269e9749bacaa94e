import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatEndpoint, isSameEndpoint, parseEndpoint } from './endpoint.ts'

test('host and port are told apart', () => {
  assert.deepEqual(parseEndpoint('db.corp:5432'), { host: 'db.corp', port: 5432 })
  assert.deepEqual(parseEndpoint('192.0.2.1:1'), { host: '192.0.2.1', port: 1 })
  assert.deepEqual(parseEndpoint('[fd00::1]:65535'), { host: 'fd00::1', port: 65_535 })
  assert.deepEqual(parseEndpoint('[fe80::1%eth0]:22'), { host: 'fe80::1%eth0', port: 22 })
  assert.deepEqual(parseEndpoint('SQL_server-1:1433'), { host: 'SQL_server-1', port: 1433 })
})

test('what is no endpoint is refused', () => {
  const wrong = [
    '',
    'db',
    'db:',
    ':1',
    'db:0',
    'db:65536',
    'db:99999999',
    'db:1x',
    'db:-1',
    'a b:1',
    'tcp://db:1',
    'fd00::1:5432',
    '[db]:1',
    '[]:1',
    '[fd00::1%]:1',
    '[fd00::1%a%b]:1',
    '[fd00::1/x]:1',
    '[1.2.3.4]:1',
    'db:1\n',
    'db/x:1',
    `${'a'.repeat(256)}:1`,
  ]
  for (const text of wrong) assert.equal(parseEndpoint(text), undefined, text)
})

test('what was formatted is parsed again', () => {
  const host = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6())
  fc.assert(
    fc.property(host, fc.integer({ min: 1, max: 65_535 }), (host, port) => {
      assert.deepEqual(parseEndpoint(formatEndpoint({ host, port })), { host, port })
    }),
  )
})

test('names are the same in any case, ports are not', () => {
  assert.ok(isSameEndpoint({ host: 'DB.corp', port: 1 }, { host: 'db.CORP', port: 1 }))
  assert.ok(!isSameEndpoint({ host: 'db.corp', port: 1 }, { host: 'db.corp', port: 2 }))
  assert.ok(!isSameEndpoint({ host: 'db.corp', port: 1 }, undefined))
})
