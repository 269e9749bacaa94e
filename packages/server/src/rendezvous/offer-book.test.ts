import assert from 'node:assert/strict'
import { test } from 'node:test'
import { entityKey } from '../domain/hybrid-connection.ts'
import { OfferBook, type OfferHolder } from './offer-book.ts'

class Holder implements OfferHolder {
  expired = 0
  withdrawn = 0
  code: string | undefined
  onExpired(): void {
    this.expired += 1
  }
  onWithdrawn(code: string): void {
    this.code = code
    this.withdrawn += 1
  }
}

const entity = entityKey('local', 'db')
const book = (maxPendingPerEntity = 10): OfferBook<{ accept: Holder; request: Holder }> =>
  new OfferBook({ maxPendingPerEntity })

test('an offer is claimed once: the second claim of the same address finds nothing', () => {
  const offers = book()
  const offer = offers.open('accept', { entity, holder: new Holder(), lifetimeMs: 1000 })
  assert.ok(offer)
  assert.equal(offers.claim('accept', offer.id, 'db'), offer)
  assert.equal(offers.claim('accept', offer.id, 'db'), undefined)
  assert.equal(offers.size, 0)
})

test('an address serves only its own kind and its own entity', () => {
  const offers = book()
  const offer = offers.open('accept', { entity, holder: new Holder(), lifetimeMs: 1000 })
  assert.ok(offer)
  assert.equal(offers.claim('request', offer.id, 'db'), undefined)
  for (const path of ['other', 'd', 'dbx', 'x/db', 'local/db', '']) {
    assert.equal(offers.claim('accept', offer.id, path), undefined, path)
  }
  assert.equal(offers.claim('accept', offer.id, 'DB/sub/path'), offer)
})

test('an offer that nobody claims expires after its life and is gone', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const offers = book()
  const holder = new Holder()
  const offer = offers.open('accept', { entity, holder, lifetimeMs: 30_000 })
  assert.ok(offer)
  context.mock.timers.tick(29_999)
  assert.equal(holder.expired, 0)
  context.mock.timers.tick(1)
  assert.equal(holder.expired, 1)
  assert.equal(offers.claim('accept', offer.id, 'db'), undefined)
})

test('a claimed or cancelled offer never expires', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const offers = book()
  const claimed = new Holder()
  const cancelled = new Holder()
  const first = offers.open('accept', { entity, holder: claimed, lifetimeMs: 1000 })
  const second = offers.open('accept', { entity, holder: cancelled, lifetimeMs: 1000 })
  assert.ok(first && second)
  offers.claim('accept', first.id, 'db')
  offers.cancel(second)
  context.mock.timers.tick(5000)
  assert.deepEqual([claimed.expired, cancelled.expired], [0, 0])
})

test('the address of a request lives until it is cancelled', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const offers = book()
  const holder = new Holder()
  const offer = offers.open('request', { entity, holder })
  assert.ok(offer)
  context.mock.timers.tick(86_400_000)
  assert.equal(offers.claim('request', offer.id, 'db'), offer)
})

test('an entity has a bounded number of pending offers, and frees their places', () => {
  const offers = book(2)
  const open = () => offers.open('accept', { entity, holder: new Holder(), lifetimeMs: 1000 })
  const first = open()
  assert.ok(first && open())
  assert.equal(open(), undefined)
  assert.ok(offers.open('accept', { entity: entityKey('local', 'other'), holder: new Holder(), lifetimeMs: 1000 }))
  offers.cancel(first)
  assert.ok(open())
  offers.close()
})

test('ids begin with a random GUID and carry the node part behind it', () => {
  const offers = book(10_000)
  const ids = new Set<string>()
  for (let i = 0; i < 1000; i += 1) {
    const offer = offers.open('request', { entity, holder: new Holder() })
    assert.match(offer?.id ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}_G0$/)
    ids.add(offer?.id ?? '')
  }
  assert.equal(ids.size, 1000)
})

test('the offers of a deleted entity are withdrawn, each holder hears of it once, others stay', () => {
  const offers = book()
  const [mine, theirs] = [new Holder(), new Holder()]
  const first = offers.open('accept', { entity, holder: mine, lifetimeMs: 1000 })
  const second = offers.open('request', { entity: entityKey('local', 'db/x'), holder: theirs })
  assert.ok(first && second)
  offers.withdraw(entity)
  offers.withdraw(entity)
  assert.deepEqual([mine.withdrawn, mine.expired, theirs.withdrawn], [1, 0, 0])
  assert.equal(offers.claim('accept', first.id, 'db'), undefined)
  assert.equal(offers.claim('request', second.id, 'db/x'), second)
})

test('what an entity does not allow any more is withdrawn by kind', () => {
  const offers = book()
  const [connect, request] = [new Holder(), new Holder()]
  offers.open('accept', { entity, holder: connect, lifetimeMs: 1000 })
  offers.open('request', { entity, holder: request })
  offers.withdraw(entity, 'accept')
  assert.deepEqual([connect.withdrawn, connect.code, request.withdrawn], [1, 'ActionDisabled', 0])
  offers.withdraw(entity)
  assert.deepEqual([request.withdrawn, request.code], [1, 'EndpointNotFound'])
})
