import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AssertionReplays } from './assertion-replays.ts'

function open() {
  let nowMs = 1_000_000
  const replays = new AssertionReplays({ now: () => nowMs })
  const admit = (id: string, options: { name?: string; address?: string; forMs?: number } = {}): boolean => {
    const { name = 'robot', address = '192.0.2.1', forMs = 600_000 } = options
    return replays.admit({ name, address, id, expiresAtMs: nowMs + forMs })
  }
  return { admit, pass: (ms: number) => (nowMs += ms) }
}

test('an assertion stays with the network that showed it first, until it has run out', () => {
  const { admit, pass } = open()
  assert.ok(admit('a'))
  assert.ok(admit('a'), 'MSAL sends one again and again')
  assert.ok(!admit('a', { address: '198.51.100.1' }))
  assert.ok(!admit('a', { address: '198.51.100.1', name: 'ROBOT' }))
  assert.ok(admit('a', { address: '198.51.100.1', name: 'another' }), 'ids are those of their client')
  pass(600_000)
  assert.ok(admit('a', { address: '198.51.100.1' }))
  assert.ok(!admit('a'))
})

test('this machine is one network, by whichever family it comes', () => {
  const { admit } = open()
  for (const address of ['127.0.0.1', '::1', '127.1.2.3']) assert.ok(admit('a', { address }))
  assert.ok(!admit('a'))
})

test('one client fills its own places only, and what has run out makes room', () => {
  const { admit, pass } = open()
  for (let n = 0; n < 1000; n++) assert.ok(admit(`a${n}`, { forMs: 60_000 }))
  assert.ok(!admit('one more'))
  assert.ok(admit('one more', { name: 'another' }))
  assert.ok(admit('a7'), 'what is known needs no room')
  pass(60_000)
  assert.ok(admit('one more'))
})

test('all clients together have a bound, and those that are known go on', () => {
  const { admit } = open()
  for (let client = 0; client < 20; client++) {
    for (let n = 0; n < 1000; n++) assert.ok(admit(`a${n}`, { name: `robot ${client}` }))
  }
  assert.ok(!admit('a', { name: 'newcomer' }))
  assert.ok(admit('a1', { name: 'robot 3' }))
})
