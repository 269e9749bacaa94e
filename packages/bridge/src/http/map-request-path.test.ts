import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mapRequestPath } from './map-request-path.ts'

const map = (url: string, basePath = '/', relayName = 'web') => mapRequestPath(url, { relayName, basePath })

test('the name of the hybrid connection is taken away, the base path put in front', () => {
  assert.equal(map('/web/a/b?q=1&r=%2F'), '/a/b?q=1&r=%2F')
  assert.equal(map('/web'), '/')
  assert.equal(map('/WEB/a', '/v2/'), '/v2/a')
  assert.equal(map('/web/', '/v2/'), '/v2/')
  assert.equal(map('/corp/site/a', '/', 'corp/site'), '/a')
  assert.equal(map('/website/a'), '/website/a')
  assert.equal(map('/web/a%20b%2Fc'), '/a%20b%2Fc')
})

test('no path leads to another host or out of the base path', () => {
  assert.equal(map('/web//evil.test/x', '/v2/'), '/v2/evil.test/x')
  assert.equal(map('/web/http://evil.test/x', '/v2/'), '/v2/http://evil.test/x')
  for (const url of ['/web/../x', '/web/a/..', '/web/%2e%2E/x', '/web/a%2f..%2fx', '/web/..\\x', '/web/.%2e/x']) {
    assert.equal(map(url, '/v2/'), undefined, url)
  }
  assert.equal(map('/web/a b'), undefined)
  assert.equal(map('/web/a\r\nX: y'), undefined)
})
