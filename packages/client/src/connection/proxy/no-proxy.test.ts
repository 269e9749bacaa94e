import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isExempt, isLoopback } from './no-proxy.ts'

for (const [list, host, port, expected] of [
  ['*', 'relay.corp', 443, true],
  ['', 'relay.corp', 443, false],
  [' , ,', 'relay.corp', 443, false],
  ['relay.corp', 'relay.corp', 443, true],
  ['relay.corp', 'RELAY.corp.', 443, true],
  ['relay.corp', 'eu.relay.corp', 443, true],
  ['relay.corp', 'myrelay.corp', 443, false],
  ['.corp', 'relay.corp', 443, true],
  ['.corp', 'corp', 443, true],
  ['*.corp', 'relay.corp', 443, true],
  ['.', 'relay.corp', 443, false],
  ['other.test, relay.corp', 'relay.corp', 443, true],
  ['other.test relay.corp', 'relay.corp', 443, true],
  ['relay.corp:8443', 'relay.corp', 8443, true],
  ['relay.corp:8443', 'relay.corp', 443, false],
  ['10.0.0.7', '10.0.0.7', 443, true],
  ['10.0.0.7', '10.0.0.70', 443, false],
  ['10.0.0.7:443', '10.0.0.7', 443, true],
  ['10.0.0.7:443', '10.0.0.7', 80, false],
  ['10.0.0.0/8', '10.200.3.4', 443, true],
  ['10.0.0.0/8', '11.0.0.1', 443, false],
  ['10.0.0.0/8:8443', '10.0.0.1', 443, false],
  ['10.0.0.0/99', '10.0.0.1', 443, false],
  ['10.0.0.0/8', '10.corp', 443, false],
  ['fd00::/8', 'fd12::1', 443, true],
  ['fd00::/8', '[fd12::1]', 443, true],
  ['fd00::/8', 'fe80::1', 443, false],
  ['[fd00::1]:443', 'fd00:0:0::1', 443, true],
  ['[fd00::1]:443', 'fd00::1', 80, false],
  ['::1', '0:0:0:0:0:0:0:1', 443, true],
  ['10.0.0.0/8', '::ffff:10.0.0.1', 443, true],
  ['999.1.1.1/8', '10.0.0.1', 443, false],
] as const) {
  test(`NO_PROXY "${list}" ${expected ? 'names' : 'does not name'} ${host}:${port}`, () => {
    assert.equal(isExempt(list, host, port), expected)
  })
}

test('this machine is told from others by address and by name', () => {
  for (const host of ['localhost', 'LOCALHOST', 'db.localhost', '127.0.0.1', '127.9.9.9', '::1', '[::1]']) {
    assert.equal(isLoopback(host), true, host)
  }
  for (const host of ['localhost.corp', '128.0.0.1', '::2', 'relay', 'notlocalhost']) {
    assert.equal(isLoopback(host), false, host)
  }
})
