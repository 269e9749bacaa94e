import assert from 'node:assert/strict'
import type { NetworkInterfaceInfo } from 'node:os'
import { test } from 'node:test'
import { NetworkChanges } from './network-changes.ts'

/** A machine whose clocks and addresses a test sets. */
function machine(): { nowMs: number; dateMs: number; addresses: string[]; changes: NetworkChanges } {
  const state = { nowMs: 0, dateMs: 1_000_000, addresses: ['10.0.0.2'] }
  const changes = new NetworkChanges({
    now: () => state.nowMs,
    date: () => state.dateMs,
    interfaces: () => ({ eth0: state.addresses.map((address) => ({ address }) as NetworkInterfaceInfo) }),
  })
  return Object.assign(state, { changes })
}

function pass(state: { nowMs: number; dateMs: number }, ms: number): void {
  state.nowMs += ms
  state.dateMs += ms
}

test('a machine on which nothing happens has not changed', () => {
  const state = machine()
  for (let i = 0; i < 5; i += 1) {
    pass(state, 1_000)
    assert.equal(state.changes.look(1_000), false)
  }
})

test('a timer that is a little late is no change', () => {
  const state = machine()
  pass(state, 3_500)
  assert.equal(state.changes.look(1_000), false)
})

test('an address that comes, goes or is replaced is a change, once', () => {
  const state = machine()
  for (const addresses of [[], ['10.0.0.2'], ['10.0.0.3'], ['10.0.0.3', 'fe80::1']]) {
    state.addresses = addresses
    pass(state, 1_000)
    assert.equal(state.changes.look(1_000), true)
    assert.equal(state.changes.look(1_000), false)
  }
})

test('the order in which the system names addresses means nothing', () => {
  const state = machine()
  state.addresses = ['10.0.0.2', '10.0.0.3']
  state.changes.look(1_000)
  state.addresses = ['10.0.0.3', '10.0.0.2']
  assert.equal(state.changes.look(1_000), false)
})

test('a machine that slept is told by the clock that went on without it', () => {
  const state = machine()
  state.nowMs += 1_000
  state.dateMs += 3_600_000
  assert.equal(state.changes.look(1_000), true)
  pass(state, 1_000)
  assert.equal(state.changes.look(1_000), false)
})

test('a process that was stopped is told by a look that comes too late', () => {
  const state = machine()
  pass(state, 60_000)
  assert.equal(state.changes.look(1_000), true)
})
