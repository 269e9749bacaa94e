import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestHeadProblem } from './request-head.ts'

const problem = (url: string, hosts: readonly string[], httpVersion = '1.1'): string | undefined =>
  requestHeadProblem({ url, httpVersion, rawHeaders: ['A', 'Host', ...hosts.flatMap((host) => ['hOsT', host])] })

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

test('no version but 1.0 and 1.1 is spoken', () => {
  assert.notEqual(problem('/x', ['a'], '2.0'), undefined)
  assert.notEqual(problem('/x', [], '0.9'), undefined)
})

test('no transfer encoding but chunked, once, is taken off', () => {
  const encoded = (...values: string[]): string | undefined =>
    requestHeadProblem({
      url: '/',
      httpVersion: '1.1',
      rawHeaders: ['Host', 'a', ...values.flatMap((value) => ['Transfer-encoding', value])],
    })
  assert.equal(encoded('Chunked'), undefined)
  for (const values of [
    ['gzip, chunked'],
    ['gzip', 'chunked'],
    ['chunked, chunked'],
    ['identity'],
    ['xchunked'],
    [''],
  ]) {
    assert.notEqual(encoded(...values), undefined, values.join(' + '))
  }
})
