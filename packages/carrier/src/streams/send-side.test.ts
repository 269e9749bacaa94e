import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CreditBudget } from './credit-budget.ts'
import { SendSide } from './send-side.ts'

const firstBytes = 65_536
const maxBytes = 16_777_216

/** A full buffer whose peer has taken the first byte and grants all it may. */
function granted(budget: CreditBudget): SendSide {
  const send = new SendSide({ firstBytes, maxBytes, budget })
  send.limit = firstBytes
  send.write(new Uint8Array(firstBytes + 1))
  send.advance(firstBytes)
  assert.ok(send.isFull)
  assert.ok(send.confirm(1, maxBytes))
  return send
}

test('a full buffer grows to what the peer grants', () => {
  const budget = new CreditBudget()
  assert.equal(granted(budget).isFull, false)
  assert.equal(budget.usedBytes, maxBytes - 1 - firstBytes)
})

test('where the budget has not that much left it doubles', () => {
  const budget = new CreditBudget({ totalBytes: 1_048_576 })
  assert.equal(granted(budget).isFull, false)
  assert.equal(budget.usedBytes, firstBytes)
})
