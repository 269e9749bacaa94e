import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostName, hostProblem } from './host-header.ts'

const problem = (url: string, hosts: readonly string[], httpVersion = '1.1'): string | undefined =>
  hostProblem({ url, httpVersion, rawHeaders: ['A', 'Host', ...hosts.flatMap((host) => ['hOsT', host])] })

test('one Host header that names a host, and a target that agrees, are clear', () => {
  for (const host of [
    'a',
    'A.b-c.test',
    'my_relay:8443',
    '127.0.0.1:1',
    '[::1]',
    '[2001:DB8::1]:65535',
    'a.test.',
    '',
  ]) {
    assert.equal(problem('/x', [host]), undefined, host)
  }
  assert.equal(problem('http://A.test:80/x', ['a.test']), undefined)
  assert.equal(problem('wss://[::1]/x', ['[::1]:8443']), undefined)
  assert.equal(problem('/x', [], '1.0'), undefined)
})

test('everything else is not', () => {
  for (const [url, ...hosts] of [
    ['/'],
    ['/', 'a', 'a'],
    ['/', 'a b'],
    ['/', 'a,b'],
    ['/', 'a/b'],
    ['/', 'u@a'],
    ['/', 'a:b'],
    ['/', '::1'],
    ['/', '[::1'],
    ['/', 'b\xfccher'],
    ['/', 'a'.repeat(256)],
    ['http://b/x', 'a'],
    ['http://a@b/x', 'a'],
    ['http://b@a/x', 'a'],
    ['http:///x', 'a'],
    ['http://b', ''],
  ] as const) {
    assert.notEqual(problem(url, hosts), undefined, `${url} ${hosts.join(' + ')}`)
  }
})

test('the name of a host has no port and no final dot, and is in lower case', () => {
  assert.deepEqual(['A.b:1', '[::1]:2', 'a.:', 'a b', ''].map(hostName), ['a.b', '[::1]', 'a', '', ''])
})
