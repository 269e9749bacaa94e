import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { chooseProxy } from './choose-proxy.ts'
import { ProxyServer } from './proxy-server.ts'

const relay = { host: 'relay.corp', port: 443, secure: true }

function chosen(setting: string | undefined, env: NodeJS.ProcessEnv, destination = relay): string | undefined {
  return chooseProxy(setting, destination, env)?.toString()
}

test('variables are taken in order, in lower case first', () => {
  assert.equal(chosen(undefined, {}), undefined)
  assert.equal(chosen(undefined, { ALL_PROXY: 'socks5://a' }), 'socks5://a:1080')
  assert.equal(chosen(undefined, { ALL_PROXY: 'socks5://a', HTTPS_PROXY: 'http://b:3128' }), 'http://b:3128')
  assert.equal(chosen(undefined, { https_proxy: 'c:8080', HTTPS_PROXY: 'http://b:3128' }), 'http://c:8080')
  assert.equal(chosen(undefined, { https_proxy: '', HTTPS_PROXY: 'https://b' }), 'https://b:443')
  assert.equal(chosen(undefined, { HTTP_PROXY: 'http://b' }), undefined)
})

test('plain TCP has a variable of its own, which a CGI request cannot set', () => {
  const plain = { ...relay, secure: false }
  assert.equal(chosen(undefined, { HTTP_PROXY: 'b:1', HTTPS_PROXY: 'c:1' }, plain), 'http://b:1')
  assert.equal(chosen(undefined, { HTTP_PROXY: 'b:1', REQUEST_METHOD: 'GET' }, plain), undefined)
})

test('NO_PROXY and this machine are exempt from the environment, not from the setting', () => {
  const env = { HTTPS_PROXY: 'http://b:1', NO_PROXY: '.corp' }
  assert.equal(chosen(undefined, env), undefined)
  assert.equal(chosen(undefined, { ...env, no_proxy: 'other' }), 'http://b:1')
  assert.equal(chosen('http://c:2', env), 'http://c:2')
  assert.equal(chosen('off', { HTTPS_PROXY: 'http://b:1' }), undefined)
  const local = { ...relay, host: '127.0.0.1' }
  assert.equal(chosen(undefined, { HTTPS_PROXY: 'http://b:1' }, local), undefined)
  assert.equal(chosen('http://c:2', {}, local), 'http://c:2')
})

test('credentials are decoded, and shown nowhere', () => {
  const proxy = ProxyServer.parse('http://jo%40corp:pa%3Ass%@[fd00::1]:3128', 'x')
  assert.deepEqual(proxy.credentials, { user: 'jo@corp', password: 'pa%3Ass%' })
  assert.equal(proxy.toString(), 'http://[fd00::1]:3128')
  assert.equal(JSON.stringify(proxy), '"http://[fd00::1]:3128"')
  assert.doesNotMatch(inspect(proxy, { showHidden: true, depth: 9 }), /pa|jo/)
})

for (const text of [
  'ftp://secret@p',
  'socks4://secret@p',
  'http://',
  'http://:secret@p',
  'http://a%3Ab:secret@p',
  'ht tp://secret',
]) {
  test(`"${text}" is refused without being repeated`, () => {
    assert.throws(
      () => ProxyServer.parse(text, '--proxy'),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'InvalidConfiguration')
        assert.match(error.message, /^--proxy /)
        assert.doesNotMatch(error.message, /secret/)
        return true
      },
    )
  })
}
