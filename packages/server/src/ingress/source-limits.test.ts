import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SourceLimits } from './source-limits.ts'

test('a source has so many places at once, the /64 of IPv6 is one source, and a place is given back once', () => {
  const limits = new SourceLimits({ maxTotal: 3, maxPerSource: 2, perSecondPerSource: 100 })
  const places = ['2001:db8::1', '2001:db8::2', '2001:db8::3', '192.0.2.1', '192.0.2.2'].map((address) =>
    limits.enter(address),
  )
  assert.deepEqual(
    places.map((place) => typeof place),
    ['function', 'function', 'string', 'function', 'string'],
  )
  const [first] = places
  assert.ok(typeof first === 'function')
  first()
  first()
  assert.equal(limits.open, 2)
  assert.equal(typeof limits.enter('2001:db8::9'), 'function')
})

test('ten seconds of the rate come at once, then so many a second', () => {
  let nowMs = 0
  const limits = new SourceLimits({ maxTotal: 1e6, maxPerSource: 1e6, perSecondPerSource: 2, now: () => nowMs })
  const count = (): number => {
    let entered = 0
    while (typeof limits.enter('192.0.2.1') === 'function') entered += 1
    return entered
  }
  assert.equal(count(), 20)
  nowMs += 1500
  assert.equal(count(), 3)
  assert.equal(typeof limits.enter('192.0.2.2'), 'function')
})

test('a flood from more sources than are remembered takes no more memory, and whoever is quiet is forgotten', () => {
  let nowMs = 0
  const limits = new SourceLimits({ maxTotal: 1e6, maxPerSource: 1, perSecondPerSource: 1, now: () => nowMs })
  for (let at = 0; at < 70_000; at += 1) {
    const place = limits.enter(`10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`)
    if (typeof place === 'function') place()
  }
  assert.equal(limits.sources, 65_536)
  nowMs += 20_000
  limits.enter('192.0.2.1')
  assert.equal(limits.sources, 1)
})
