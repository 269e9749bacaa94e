import assert from 'node:assert/strict'
import { test } from 'node:test'
import { format, inspect } from 'node:util'
import { Secret } from './secret.ts'

test('a secret is given only by reveal and masked in every printed form', () => {
  const secret = new Secret('hunter2')
  assert.equal(secret.reveal(), 'hunter2')
  assert.equal(String(secret), '[secret]')
  assert.equal(`key: ${String(secret)}`, 'key: [secret]')
  assert.equal(JSON.stringify({ secret }), '{"secret":"[secret]"}')
  for (const printed of [
    inspect(secret),
    inspect({ a: [secret] }, { showHidden: true }),
    format('%s %o %j', secret, secret, secret),
  ]) {
    assert.match(printed, /\[secret\]/)
    assert.doesNotMatch(printed, /hunter2/)
  }
})

test('a secret shows nothing by enumeration or structured clone', () => {
  const secret = new Secret('hunter2')
  assert.deepEqual(Object.entries(secret), [])
  assert.deepEqual(Object.entries(structuredClone(secret)), [])
})

test('a secret that is a function is opened once, when it is wanted, and printed no more than another', () => {
  let opened = 0
  const secret = new Secret(() => `text ${(opened += 1)}`)
  const printed = [String(secret), JSON.stringify(secret), inspect(secret)]
  assert.deepEqual(printed, ['[secret]', '"[secret]"', '[secret]'])
  assert.equal(opened, 0)
  assert.deepEqual([secret.reveal(), secret.reveal()], ['text 1', 'text 1'])
})

test('a secret that cannot be opened says so each time it is wanted', () => {
  const secret = new Secret(() => {
    throw new Error('altered')
  })
  for (const _ of [1, 2]) assert.throws(() => secret.reveal(), /altered/)
})
