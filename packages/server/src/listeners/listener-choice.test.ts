import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseListener, eligibleListeners, reachingListeners, readListenerFilter } from './listener-choice.ts'

const listeners = [{ id: 'A' }, { id: 'b' }, { id: 'c' }]
const ids = (headers: Record<string, string | string[]>): string[] =>
  eligibleListeners(listeners, readListenerFilter(headers)).map(({ id }) => id)

test('without filter headers every listener is eligible', () => {
  assert.deepEqual(ids({}), ['A', 'b', 'c'])
})

test('allowed listeners are named by a comma list, without regard to case and blanks', () => {
  assert.deepEqual(ids({ 'microsoft-relay-allowedlisteners': ' a , C,x' }), ['A', 'c'])
})

test('disallowed listeners are left out, also of those that are allowed', () => {
  assert.deepEqual(ids({ 'microsoft-relay-disallowedlisteners': 'B' }), ['A', 'c'])
  assert.deepEqual(ids({ 'microsoft-relay-allowedlisteners': 'a,b', 'microsoft-relay-disallowedlisteners': 'a' }), [
    'b',
  ])
})

test('a header that names nobody filters nothing', () => {
  assert.deepEqual(ids({ 'microsoft-relay-allowedlisteners': ' , ' }), ['A', 'b', 'c'])
})

test('each of several listeners gets its share of many choices', () => {
  const counts = new Map<string, number>()
  for (let i = 0; i < 10_000; i += 1) {
    const id = chooseListener(listeners, () => (i + 0.5) / 10_000)?.id ?? ''
    counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  for (const { id } of listeners) assert.ok(Math.abs((counts.get(id) ?? 0) - 10_000 / 3) < 5, id)
})

test('nobody is chosen among none', () => {
  assert.equal(chooseListener([]), undefined)
})

test('listeners whose target is down are left out while another one is there', () => {
  const [up, down, silent] = [{ target: 'up' }, { target: 'down' }, { target: undefined }] as const
  assert.deepEqual(reachingListeners([down, up, silent]), [up, silent])
  assert.deepEqual(reachingListeners([down, silent]), [silent])
  assert.deepEqual(reachingListeners([down]), [down])
  assert.deepEqual(reachingListeners([]), [])
})
