import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseLocalForward, parseRemoteForward } from './forward-specification.ts'

const local = (host: string, port: number, portName: string) => ({ host, port, portName })

test('-L takes a port alone, with an address, with a name, and several of them', () => {
  assert.deepEqual(parseLocalForward('15432:db'), {
    relayName: 'db',
    bindings: [local('127.0.0.1', 15432, '15432')],
  })
  assert.deepEqual(parseLocalForward('127.1.2.3:1433:corp/sql'), {
    relayName: 'corp/sql',
    bindings: [local('127.1.2.3', 1433, '1433')],
  })
  assert.deepEqual(parseLocalForward('0.0.0.0:8080/web;127.0.0.1:9090/admin:site').bindings, [
    local('0.0.0.0', 8080, 'web'),
    local('127.0.0.1', 9090, 'admin'),
  ])
  assert.deepEqual(parseLocalForward('[::1]:5432/sql:db').bindings, [local('::1', 5432, 'sql')])
})

test('-L reads "localhost" as 127.0.0.1', () => {
  assert.deepEqual(parseLocalForward('localhost:1433:db').bindings, [local('127.0.0.1', 1433, '1433')])
})

test('-L takes port 0 for any free port', () => {
  assert.equal(parseLocalForward('0:db').bindings[0]!.port, 0)
})

test('-T takes a port alone, with a host, with a name, and several of them', () => {
  assert.deepEqual(parseRemoteForward('db:5432'), { relayName: 'db', targets: [local('localhost', 5432, '5432')] })
  assert.deepEqual(parseRemoteForward('db:10.0.0.5:5432').targets, [local('10.0.0.5', 5432, '5432')])
  assert.deepEqual(parseRemoteForward('corp/site:sql/db.corp:5432;redis/6379'), {
    relayName: 'corp/site',
    targets: [local('db.corp', 5432, 'sql'), local('localhost', 6379, 'redis')],
  })
  assert.deepEqual(parseRemoteForward('db:[fd00::5]:5432').targets, [local('fd00::5', 5432, '5432')])
})

for (const [text, reason] of [
  ['db', /the relay name is missing/],
  ['15432:', /the relay name is missing/],
  ['15432:d b', /"d b" is no relay name/],
  ['70000:db', /"70000" is no port \(0 to 65535\)/],
  [':15432:db', /no host in front of the colon/],
  ['15432;x y:db', /"x y" is no port/],
  ['1/a;2/a:db', /the port name "a" is there twice/],
  ['1/:db', /a port name is empty/],
  ['5353U:dns', /UDP forwards \("5353U"\) are not there yet/],
  ['my.sock:db', /Unix socket forwards \("my.sock"\) are not there yet/],
] as const) {
  test(`-L "${text}" is refused: ${reason.source}`, () => {
    assert.throws(() => parseLocalForward(text), { code: 'InvalidConfiguration', message: reason })
  })
}

for (const [text, reason] of [
  ['db', /the target is missing/],
  [':5432', /the relay name is missing/],
  ['db:0', /"0" is no port \(1 to 65535\)/],
  ['db:host:', /"" is no port/],
  ['db:5353U', /UDP forwards/],
  ['db:10.0.0.1:53u', /UDP forwards/],
  ['db:sql/my.sock', /Unix socket forwards/],
  ['db:a/1;a/2', /the port name "a" is there twice/],
] as const) {
  test(`-T "${text}" is refused: ${reason.source}`, () => {
    assert.throws(() => parseRemoteForward(text), { code: 'InvalidConfiguration', message: reason })
  })
}

test('a refused specification names the option and an example', () => {
  assert.throws(() => parseLocalForward('x'), { message: /^-L "x": .*Example: -L 127\.0\.0\.1:15432:db$/ })
})
