import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseHttpForward, parseLocalForward, parseOldRemoteForward, parseRemoteForward } from './parse-forward.ts'

const local = (host: string, port: number, portName: string) => ({ protocol: 'tcp', host, port, portName })
const udp = (host: string, port: number, portName: string) => ({ protocol: 'udp', host, port, portName })
const unix = (socketPath: string, portName: string) => ({ protocol: 'unix', socketPath, portName })

test('-L takes a port alone, with an address, with a name, and several of them', () => {
  assert.deepEqual(parseLocalForward('15432:db'), {
    relayName: 'db',
    bindings: [{ protocol: 'tcp', port: 15432, portName: '15432' }],
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
  assert.deepEqual(parseLocalForward('0:db').bindings, [{ protocol: 'tcp', port: 0, portName: '0' }])
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
  ['8000-8001/a:db', /the range "8000-8001" takes no port name/],
  ['1-65535:db', /has 65535 ports, at most 1024/],
  ['9-8:db', /"9-8" is no port/],
  ['*:db', /"\*" is no port/],
  ['1/:db', /a port name is empty/],
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
  ['db:70000U', /"70000U" is no port/],
  ['db:a/1-2', /takes no port name/],
  ['db:a/1;a/2', /the port name "a" is there twice/],
] as const) {
  test(`-T "${text}" is refused: ${reason.source}`, () => {
    assert.throws(() => parseRemoteForward(text), { code: 'InvalidConfiguration', message: reason })
  })
}

test('a refused specification names the option and an example', () => {
  assert.throws(() => parseLocalForward('x'), { message: /^-L "x": .*Example: -L 127\.0\.0\.1:15432:db$/ })
})

test('UDP ports and Unix sockets are read at both ends, mixed with TCP', () => {
  assert.deepEqual(parseLocalForward('127.0.0.1:7777;127.0.0.1:7777U;my.sock/x;/run/a.sock:site').bindings, [
    local('127.0.0.1', 7777, '7777'),
    udp('127.0.0.1', 7777, '7777U'),
    unix('my.sock', 'x'),
    unix('/run/a.sock', '/run/a.sock'),
  ])
  assert.deepEqual(parseRemoteForward('site:7777;7777U;dns/10.0.0.1:53U;pg//run/pg.sock;my.sock').targets, [
    local('localhost', 7777, '7777'),
    udp('localhost', 7777, '7777U'),
    udp('10.0.0.1', 53, 'dns'),
    unix('/run/pg.sock', 'pg'),
    unix('my.sock', 'my.sock'),
  ])
})

test('a path at the local end is parted from its port name by two slashes', () => {
  assert.deepEqual(parseLocalForward('/run/a.sock//pg;./b.sock//x;/run/c.sock:site').bindings, [
    unix('/run/a.sock', 'pg'),
    unix('./b.sock', 'x'),
    unix('/run/c.sock', '/run/c.sock'),
  ])
  assert.throws(() => parseLocalForward('/run/a.sock//:site'), { message: /a port name is empty/ })
})

test('ranges become one binding for each port, and one target', () => {
  assert.deepEqual(parseLocalForward('127.1.2.3:8000-8002:site').bindings, [
    local('127.1.2.3', 8000, '8000'),
    local('127.1.2.3', 8001, '8001'),
    local('127.1.2.3', 8002, '8002'),
  ])
  assert.deepEqual(parseRemoteForward('site:10.0.0.5:8000-8002;10.0.0.6:*').targets, [
    { protocol: 'tcp', host: '10.0.0.5', ports: { first: 8000, last: 8002 } },
    { protocol: 'tcp', host: '10.0.0.6', ports: { first: 1, last: 65_535, isAll: true } },
  ])
  assert.deepEqual(parseRemoteForward('site:5000-5010U').targets, [
    { protocol: 'udp', host: 'localhost', ports: { first: 5000, last: 5010 } },
  ])
})

test('-R has the port name behind the host', () => {
  assert.deepEqual(parseOldRemoteForward('db:10.0.0.5:sql/5432'), parseRemoteForward('db:sql/10.0.0.5:5432'))
  assert.deepEqual(parseOldRemoteForward('db:sql/5432'), parseRemoteForward('db:sql/5432'))
  assert.deepEqual(parseOldRemoteForward('db:10.0.0.5:5432'), parseRemoteForward('db:10.0.0.5:5432'))
})

test('-H takes http and https, with a path and with a port', () => {
  const http = (text: string) => parseHttpForward(text).httpTargets
  assert.deepEqual(http('web:http/10.0.0.7:8080'), [{ protocol: 'http', host: '10.0.0.7', port: 8080, path: '/' }])
  assert.deepEqual(http('web:https/intranet.corp'), [
    { protocol: 'https', host: 'intranet.corp', port: 443, path: '/' },
  ])
  assert.deepEqual(http('web:http/a/v2/x;https/b/y:8443'), [
    { protocol: 'http', host: 'a', port: 80, path: '/v2/x/' },
    { protocol: 'https', host: 'b', port: 8443, path: '/y/' },
  ])
  assert.deepEqual(http('web:https/8443'), [{ protocol: 'https', host: 'localhost', port: 8443, path: '/' }])
  assert.deepEqual(http('web:http/[::1]:8080'), [{ protocol: 'http', host: '::1', port: 8080, path: '/' }])
  for (const [text, reason] of [
    ['web', /the target is missing/],
    ['web:ftp/a', /must begin with http/],
    ['web:http/a:x', /"x" is no port/],
    ['web:http/a/../b', /is no path/],
    ['web:http/', /must begin with/],
  ] as const) {
    assert.throws(() => parseHttpForward(text), { code: 'InvalidConfiguration', message: reason })
  }
})
