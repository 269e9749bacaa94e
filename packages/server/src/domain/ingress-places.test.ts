import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type IngressPlace, IngressPlaces } from './ingress-places.ts'

const place = (more: Partial<IngressPlace>): IngressPlace => ({
  name: 'new',
  protocol: 'tcp',
  port: 443,
  tls: 'pass',
  ...more,
})

/** Why `entry` cannot stand beside `others`, all of owner `a`. */
function clash(others: readonly Partial<IngressPlace>[], entry: Partial<IngressPlace>): string | undefined {
  const places = new IngressPlaces()
  for (const other of others) places.add('a', place({ name: 'old', ...other }))
  return places.clashOf(place(entry))
}

test('a port belongs to one entry, unless all that want it have names', () => {
  assert.match(clash([{}], {}) ?? '', /^port 443 \(tcp\) is taken by "old"/)
  assert.match(clash([{ sni: ['a.test'] }], {}) ?? '', /is taken by "old"/)
  assert.match(clash([{}], { hosts: ['a.test'] }) ?? '', /is taken by "old"/)
  assert.equal(clash([{ sni: ['a.test'] }], { hosts: ['b.test'] }), undefined)
  assert.equal(clash([{}], { protocol: 'udp' }), undefined)
  assert.equal(clash([{}], { port: 80 }), undefined)
  assert.equal(clash([{ port: 0 }], { port: 0 }), undefined)
  assert.equal(clash([{ port: 0 }], { port: 0, address: '10.0.0.1' }), undefined)
})

test('a name leads one way; in the clear and under TLS it is two names', () => {
  const leads = /^"a\.test" on port 443 leads to "old" already$/
  assert.match(clash([{ sni: ['A.test'] }], { sni: ['b.test', 'a.test'] }) ?? '', leads)
  assert.match(clash([{ sni: ['a.test'] }], { hosts: ['a.test'], tls: 'terminate' }) ?? '', leads)
  assert.equal(clash([{ sni: ['a.test'] }], { hosts: ['a.test'] }), undefined)
  assert.match(clash([{ sni: ['a.test'] }], { sni: ['b.test'], trustedProxies: ['10.0.0.1'] }) ?? '', /trustedProxies/)
})

test('two addresses are two ports, and all addresses are each of them', () => {
  assert.equal(clash([{ address: '10.0.0.1' }], { address: '10.0.0.2' }), undefined)
  assert.match(clash([{ address: '10.0.0.1' }], {}) ?? '', /write the same address/)
  assert.match(clash([{ address: '0:0::1' }], { address: '::1' }) ?? '', /is taken by "old"/)
  assert.match(clash([{}], { address: '10.0.0.1' }) ?? '', /write the same address/)
})

test('a wildcard and a name under it are of one owner, whichever was there first', () => {
  const places = new IngressPlaces()
  places.add('a', place({ name: 'all', sni: ['*.a.test'] }))
  places.add('a', place({ name: 'one', hosts: ['x.b.test'], tls: 'terminate' }))
  const overlap = (owner: string, entry: Partial<IngressPlace>): string | undefined =>
    places.overlapOf(place(entry), owner)
  assert.match(overlap('b', { sni: ['shop.a.test'] }) ?? '', /^"shop\.a\.test" on port 443 and a name of "all" /)
  assert.match(overlap('b', { sni: ['*.b.test'] }) ?? '', /a name of "one"/)
  assert.equal(overlap('A', { sni: ['shop.a.test', '*.b.test'] }), undefined)
  assert.equal(overlap('b', { sni: ['a.test', 'x.shop.a.test', '*.test'] }), undefined)
  assert.equal(overlap('b', { hosts: ['shop.a.test'] }), undefined)
  assert.equal(overlap('b', { sni: ['shop.a.test'], port: 8443 }), undefined)
})

test('ten thousand entries on one port are looked at in less than a second', () => {
  const places = new IngressPlaces()
  const startMs = performance.now()
  for (let at = 0; at < 10_000; at += 1) {
    const entry = place({ name: `e${at}`, sni: [`h${at}.site${at % 100}.test`] })
    assert.equal(places.clashOf(entry) ?? places.overlapOf(entry, 'a'), undefined)
    places.add('a', entry)
  }
  assert.ok(performance.now() - startMs < 1000)
})
