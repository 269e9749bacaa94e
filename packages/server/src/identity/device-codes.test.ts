import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DeviceCodes } from './device-codes.ts'

const wanted = {
  clientId: 'cli',
  audience: 'https://management.azure.com',
  scope: '',
  staysSignedIn: false,
  address: '192.0.2.1',
}
const answer = { principalId: 'p', credentialId: 'c' }

function openCodes() {
  let nowMs = 1_000_000
  const codes = new DeviceCodes({ now: () => nowMs })
  const begin = (address = wanted.address) => {
    const begun = codes.begin({ ...wanted, address })
    assert.ok(begun)
    return begun
  }
  return { codes, begin, pass: (ms: number) => (nowMs += ms) }
}

test('a program waits until somebody has answered, and gets the answer once', () => {
  const { codes, begin, pass } = openCodes()
  const { deviceCode, userCode } = begin()
  assert.match(userCode, /^[BCDFGHJKLMNPQRSTVWXZ]{8}$/)
  assert.equal(codes.poll(deviceCode, 'cli'), 'pending')
  pass(5000)
  assert.equal(codes.poll(deviceCode, 'CLI'), 'pending')
  assert.equal(codes.find(`${userCode.slice(0, 4).toLowerCase()} - ${userCode.slice(4)}`)?.clientId, 'cli')
  assert.equal(codes.answer(userCode, answer), true)
  assert.equal(codes.find(userCode), undefined)
  assert.equal(codes.answer(userCode, 'declined'), false, 'a code is good for one answer')
  const polled = codes.poll(deviceCode, 'cli')
  assert.ok(typeof polled === 'object' && polled.principalId === 'p')
  assert.equal(codes.poll(deviceCode, 'cli'), 'unknown')
})

test('who asks too often is told to slow down; a clock that runs a little fast is not', () => {
  const { codes, begin, pass } = openCodes()
  const { deviceCode } = begin()
  codes.poll(deviceCode, 'cli')
  pass(100)
  assert.equal(codes.poll(deviceCode, 'cli'), 'slowDown')
  pass(4800)
  assert.equal(codes.poll(deviceCode, 'cli'), 'pending')
})

test('a refusal, a lapse of time, another client and a made-up code are told apart', () => {
  const { codes, begin, pass } = openCodes()
  const declined = begin()
  codes.answer(declined.userCode, 'declined')
  assert.equal(codes.poll(declined.deviceCode, 'cli'), 'declined')
  const late = begin()
  assert.equal(codes.poll(late.deviceCode, 'other'), 'unknown')
  assert.equal(codes.poll('x', 'cli'), 'unknown')
  pass(15 * 60_000)
  assert.equal(codes.find(late.userCode), undefined)
  assert.equal(codes.answer(late.userCode, answer), false)
  assert.equal(codes.poll(late.deviceCode, 'cli'), 'expired')
})

test('an answer that came too late is not given out', () => {
  const { codes, begin, pass } = openCodes()
  const { deviceCode, userCode } = begin()
  codes.answer(userCode, answer)
  pass(15 * 60_000)
  assert.equal(codes.poll(deviceCode, 'cli'), 'expired')
})

test('strangers fill neither the memory nor the places of other networks', () => {
  const { codes, begin } = openCodes()
  const mine = begin('198.51.100.1')
  const first = begin()
  for (let n = 0; n < 50; n++) begin()
  assert.equal(codes.poll(first.deviceCode, 'cli'), 'unknown', 'the oldest of this network gives way')
  assert.equal(codes.poll(mine.deviceCode, 'cli'), 'pending')
  for (let n = 0; n < 5000; n++) codes.begin({ ...wanted, address: `203.0.${n % 250}.${Math.floor(n / 250)}` })
  assert.equal(codes.begin({ ...wanted, address: '198.18.0.1' }), undefined)
  assert.equal(codes.poll(mine.deviceCode, 'cli'), 'slowDown', 'who waits already is not pushed out')
})
