import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatIngressGrant, isGranted, parseIngressGrant } from './ingress-grant.ts'

test('a grant is read as it is written', () => {
  assert.deepEqual(parseIngressGrant('443'), { first: 443, last: 443 })
  assert.deepEqual(parseIngressGrant('10.0.0.5:8000-8999/tcp'), {
    address: '10.0.0.5',
    first: 8000,
    last: 8999,
    protocol: 'tcp',
  })
  for (const text of ['443', '8000-8999', '5353/udp', '10.0.0.5:443', '[fd00::1]:1-2/tcp']) {
    const grant = parseIngressGrant(text)
    assert.ok(typeof grant === 'object', text)
    assert.equal(formatIngressGrant(grant), text)
  }
})

test('what is no port, or no address, is told', () => {
  for (const text of ['', '0', '65536', '1-70000', '9-8', '443/sctp', 'all', '-1', '1-', 'host:443', '1.2.3:443']) {
    assert.equal(typeof parseIngressGrant(text), 'string', text)
  }
})

test('an entry is granted by port, protocol and address; the address of a grant must be named', () => {
  const granted = (text: string, place: Partial<Parameters<typeof isGranted>[1]>): boolean =>
    isGranted([parseIngressGrant(text) as never], { port: 8443, protocol: 'tcp', ...place })
  assert.ok(granted('8443', {}))
  assert.ok(granted('8443', { address: '127.0.0.1', protocol: 'udp' }))
  assert.ok(granted('8000-8443', {}))
  assert.ok(!granted('8000-8442', {}))
  assert.ok(!granted('8443', { port: 0 }))
  assert.ok(!granted('8443/udp', {}))
  assert.ok(granted('[::1]:8443', { address: '0:0:0:0:0:0:0:1' }))
  assert.ok(!granted('[::1]:8443', {}))
  assert.ok(!granted('10.0.0.5:8443', { address: '10.0.0.6' }))
  assert.ok(!isGranted([], { port: 8443, protocol: 'tcp' }))
})
