import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { canonicalAddress } from '../../domain/canonical-address.ts'
import { ClientAddress } from './client-address.ts'

const trustedProxies = ['10.0.0.0/8', '192.0.2.7', 'fd00::/8', '::1']
const peer = { address: '10.1.2.3', port: 4711 }
const ofXff = (header: string | undefined, from = peer): unknown =>
  new ClientAddress({ trustedProxies }).ofRequest(from, header === undefined ? {} : { 'x-forwarded-for': header })
const ofForwarded = (header: string, from = peer): unknown =>
  new ClientAddress({ trustedProxies, forwardingHeader: 'forwarded' }).ofRequest(from, { forwarded: header })

describe('trusted proxies', () => {
  it('single addresses and networks of both families are matched', () => {
    const addresses = new ClientAddress({ trustedProxies })
    for (const address of ['10.255.0.1', '192.0.2.7', 'fd12::9', '::1']) {
      assert.equal(addresses.isTrusted(address), true, address)
    }
    for (const address of ['11.0.0.1', '192.0.2.8', 'fe80::1', '::2', 'example.test', '']) {
      assert.equal(addresses.isTrusted(address), false, address)
    }
  })

  it('an IPv4 network in IPv6 spelling means the IPv4 network', () => {
    assert.equal(new ClientAddress({ trustedProxies: ['::ffff:10.0.0.0/104'] }).isTrusted('10.9.9.9'), true)
  })

  for (const entry of ['proxy.example', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', 'fd00::/129', '10.0.0.0/-1', '']) {
    it(`"${entry}" is refused`, () => {
      assert.throws(() => new ClientAddress({ trustedProxies: [entry] }), { code: 'InvalidConfiguration' })
    })
  }
})

describe('X-Forwarded-For', () => {
  it('of a stranger is not looked at', () => {
    const stranger = { address: '203.0.113.5', port: 9 }
    assert.deepEqual(ofXff('198.51.100.1', stranger), stranger)
  })

  it('of a trusted proxy names the source', () => {
    assert.deepEqual(ofXff('198.51.100.1'), { address: '198.51.100.1', port: 0 })
    assert.deepEqual(ofXff('198.51.100.1:5000'), { address: '198.51.100.1', port: 5000 })
    assert.deepEqual(ofXff('[2001:DB8::1]:5000'), { address: '2001:db8::1', port: 5000 })
    assert.deepEqual(ofXff('2001:db8::1'), { address: '2001:db8::1', port: 0 })
  })

  it('the last hop that is no trusted proxy counts, not what a client wrote before it', () => {
    assert.deepEqual(ofXff('127.0.0.1, 198.51.100.1, fd00::5, 10.0.0.9'), { address: '198.51.100.1', port: 0 })
  })

  it('a chain of trusted proxies alone gives its first', () => {
    assert.deepEqual(ofXff('10.0.0.8, 10.0.0.9'), { address: '10.0.0.8', port: 0 })
  })

  it('an entry that cannot be read ends the walk at the hop behind it', () => {
    assert.deepEqual(ofXff('198.51.100.1, unknown, 10.0.0.9'), { address: '10.0.0.9', port: 0 })
    assert.deepEqual(ofXff('198.51.100.1:99999'), peer)
    assert.deepEqual(ofXff('[198.51.100.1]'), peer)
    assert.deepEqual(ofXff(''), peer)
    assert.deepEqual(ofXff(undefined), peer)
  })

  it('is not read when the proxies write Forwarded', () => {
    const addresses = new ClientAddress({ trustedProxies, forwardingHeader: 'forwarded' })
    assert.deepEqual(addresses.ofRequest(peer, { 'x-forwarded-for': '198.51.100.1' }), peer)
  })
})

describe('Forwarded', () => {
  it('names the source in each spelling of RFC 7239 section 4', () => {
    assert.deepEqual(ofForwarded('For="[2001:db8:cafe::17]:4711"'), { address: '2001:db8:cafe::17', port: 4711 })
    assert.deepEqual(ofForwarded('for=198.51.100.60;proto=http;by=203.0.113.43'), {
      address: '198.51.100.60',
      port: 0,
    })
    assert.deepEqual(ofForwarded('for=198.51.100.43, for="10.0.0.1"'), { address: '198.51.100.43', port: 0 })
  })

  it('a comma or semicolon in quotes separates nothing', () => {
    assert.deepEqual(ofForwarded('for=198.51.100.1;ext="a,for=1.1.1.1;\\"b"'), { address: '198.51.100.1', port: 0 })
  })

  it('an obfuscated or missing name ends the walk', () => {
    assert.deepEqual(ofForwarded('for=198.51.100.1, for=_hidden'), peer)
    assert.deepEqual(ofForwarded('for=198.51.100.1, proto=https'), peer)
    assert.deepEqual(ofForwarded('for=unknown'), peer)
  })
})

describe('any header', () => {
  it('gives an address, and never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'for=";,[]:1.\\ '.split('')) }), (header) => {
        for (const source of [ofXff(header), ofForwarded(header)]) {
          const { address } = source as { address: string }
          assert.equal(canonicalAddress(address), address)
        }
      }),
    )
  })
})

describe('canonicalAddress', () => {
  it('gives one spelling', () => {
    assert.equal(canonicalAddress('::FFFF:192.0.2.1'), '192.0.2.1')
    assert.equal(canonicalAddress('::ffff:c000:201'), '192.0.2.1')
    assert.equal(canonicalAddress('FE80::1%eth0'), 'fe80::1')
    assert.equal(canonicalAddress('2001:0db8:0:0:0:0:0:1'), '2001:db8::1')
    assert.equal(canonicalAddress('relay.example'), undefined)
  })
})
