import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SignInThrottle } from './sign-in-throttle.ts'

function openThrottle() {
  let nowMs = 1_000_000
  const throttle = new SignInThrottle({ now: () => nowMs })
  const fail = (name: string, address: string): boolean => throttle.admit({ name, address }) === 0
  return { throttle, fail, pass: (ms: number) => (nowMs += ms) }
}

test('after ten failures of a name from a network it is refused there, until five minutes are over', () => {
  const { fail, pass, throttle } = openThrottle()
  for (let n = 0; n < 10; n++) assert.ok(fail('ann', '192.0.2.1'))
  assert.ok(!fail('ANN', '192.0.2.1'))
  assert.ok(fail('bob', '192.0.2.1'))
  assert.ok(fail('ann', '192.0.2.2'))
  pass(60_000)
  assert.equal(throttle.admit({ name: 'ann', address: '192.0.2.1' }), 240_000)
  pass(240_000)
  assert.ok(fail('ann', '192.0.2.1'))
})

test('an IPv6 network counts as one, whatever address of it is used', () => {
  const { fail } = openThrottle()
  for (let n = 0; n < 10; n++) assert.ok(fail('ann', `2001:db8:0:1::${n + 1}`))
  assert.ok(!fail('ann', '2001:db8:0:1:ffff::1'))
  assert.ok(fail('ann', '2001:db8:0:2::1'))
})

test('many names from one network are refused together', () => {
  const { fail } = openThrottle()
  for (let n = 0; n < 60; n++) assert.ok(fail(`name ${n}`, '192.0.2.1'))
  assert.ok(!fail('another', '192.0.2.1'))
  assert.ok(fail('another', '192.0.2.2'))
})

test('strangers from everywhere do not lock out who has signed in from his own network before', () => {
  const { fail, throttle } = openThrottle()
  const home = { name: 'ann', address: '192.0.2.1' }
  assert.equal(throttle.admit(home), 0)
  throttle.succeeded(home)
  for (let n = 0; n < 200; n++) assert.ok(fail('ann', `198.51.${n}.1`))
  assert.ok(!fail('ann', '203.0.113.1'), 'a network that is new')
  assert.equal(throttle.admit(home), 0)
})

test('a success takes back the failures before it', () => {
  const { throttle, fail } = openThrottle()
  const attempt = { name: 'ann', address: '192.0.2.1' }
  for (let round = 0; round < 20; round++) {
    for (let n = 0; n < 2; n++) assert.ok(fail('ann', '192.0.2.1'))
    assert.equal(throttle.admit(attempt), 0)
    throttle.succeeded(attempt)
  }
})

test('of many attempts at once no more are heard than one after the other', () => {
  const { throttle } = openThrottle()
  const admitted = Array.from({ length: 100 }, () => throttle.admit({ name: 'ann', address: '192.0.2.1' }))
  assert.equal(admitted.filter((waitMs) => waitMs === 0).length, 10)
})

test('names that a stranger makes up by the thousand push his own network out of no count', () => {
  const { fail } = openThrottle()
  for (let n = 0; n < 60; n++) assert.ok(fail(`first ${n}`, '192.0.2.1'))
  for (let n = 0; n < 11_000; n++) fail(`made up ${n}`, '192.0.2.1')
  assert.ok(!fail('another', '192.0.2.1'))
})

test('an attempt that is taken back counts no more, those before it still do', () => {
  const { throttle, fail } = openThrottle()
  const attempt = { name: 'ann', address: '192.0.2.1' }
  for (let n = 0; n < 9; n++) assert.ok(fail('ann', '192.0.2.1'))
  for (let n = 0; n < 50; n++) {
    assert.equal(throttle.admit(attempt), 0)
    throttle.takeBack(attempt)
  }
  assert.ok(fail('ann', '192.0.2.1'))
  assert.ok(!fail('ann', '192.0.2.1'))
})

test('who signs in again and again buys no guesses at other names', () => {
  const { throttle, fail } = openThrottle()
  const own = { name: 'mallory', address: '192.0.2.1' }
  let guesses = 0
  for (let n = 0; n < 500; n++) {
    if (fail(`victim ${n}`, '192.0.2.1')) guesses += 1
    if (throttle.admit(own) === 0) throttle.succeeded(own)
  }
  assert.ok(guesses <= 60, String(guesses))
})
