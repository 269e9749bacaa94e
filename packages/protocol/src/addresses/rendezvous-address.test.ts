import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseRelayTarget } from './relay-target.ts'
import { formatRendezvousAddress } from './rendezvous-address.ts'

const origin = 'wss://relay.example.test:8443'
const id = '5c472855-1111-4222-8333-444455556666_G0'

test('an accept address has the form of those seen from Azure', () => {
  assert.equal(
    formatRendezvousAddress({ origin, rawPath: '/hyco', rawQuery: '', action: 'accept', id }),
    `wss://relay.example.test:8443/$hc/hyco?sb-hc-action=accept&sb-hc-id=${id}`,
  )
})

test("the sender's sub-path and query ride in an accept address, before the relay's own parameters", () => {
  assert.equal(
    formatRendezvousAddress({ origin, rawPath: '/hyco/sub%20a', rawQuery: "x='1'&y=a=b", action: 'accept', id }),
    `${origin}/$hc/hyco/sub%20a?x='1'&y=a=b&sb-hc-action=accept&sb-hc-id=${id}`,
  )
})

test('for a Java listener a query value holds no =', () => {
  assert.equal(
    formatRendezvousAddress({ origin, rawPath: '/h', rawQuery: 'y=a=b', action: 'accept', id, escapesEquals: true }),
    `${origin}/$hc/h?y=a%253Db&sb-hc-action=accept&sb-hc-id=${id}`,
  )
  assert.equal(
    formatRendezvousAddress({ origin, rawPath: '/h', rawQuery: '=', action: 'accept', id, escapesEquals: true }),
    `${origin}/$hc/h?sb-hc-action=accept&sb-hc-id=${id}`,
  )
})

test('the address of a request carries no query of the sender', () => {
  assert.equal(
    formatRendezvousAddress({ origin, rawPath: '/hyco/echo', rawQuery: 'a=1', action: 'request', id }),
    `${origin}/$hc/hyco/echo?sb-hc-action=request&sb-hc-id=${id}`,
  )
})

test('an address leads back to the path that the sender asked for, whatever that was', () => {
  const piece = fc.constantFrom(
    '/',
    '?',
    '&',
    '=',
    '%',
    '%2F',
    '$hc',
    'sb-hc-id=x',
    'statusCode=403',
    'a',
    '#',
    '\\',
    '"',
    'ü',
    '..',
  )
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece, { maxLength: 20 }).map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(text, fc.boolean(), (rest, escapesEquals) => {
      const sender = parseRelayTarget(`/$hc/${rest}`) ?? assert.fail()
      const address = formatRendezvousAddress({ ...sender, origin, action: 'accept', id, escapesEquals })
      assert.ok(address.startsWith(`${origin}/`))
      const arrival = parseRelayTarget(address.slice(origin.length)) ?? assert.fail()
      assert.equal(arrival.isHybridConnection, true)
      assert.equal(arrival.path, sender.path)
      assert.equal(arrival.action, 'accept')
      assert.equal(arrival.id, id)
      assert.equal('statusCode' in arrival, false)
      if (!escapesEquals) assert.equal(arrival.rawQuery, sender.rawQuery)
      const rejected = parseRelayTarget(`${address.slice(origin.length)}&statusCode=418`)
      assert.equal(rejected?.statusCode, 418)
      assert.equal(new URL(address).host, 'relay.example.test:8443')
    }),
    { numRuns: 500 },
  )
})
