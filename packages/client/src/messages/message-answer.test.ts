import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readMessageAnswer } from './message-answer.ts'

test('an ack says receivers and id, a nack status, code and reason', () => {
  assert.deepEqual(readMessageAnswer('{"ack":{"receivers":3,"id":"6d0f"}}'), {
    receipt: { receivers: 3, messageId: '6d0f' },
  })
  const nack = readMessageAnswer('{"nack":{"status":502,"code":"NoListenersForRequest","reason":"nobody there"}}')
  assert.ok(nack && 'error' in nack)
  const { code, httpStatus, message, isTransient } = nack.error
  assert.deepEqual([code, httpStatus, message, isTransient], ['NoListenersForRequest', 502, 'nobody there', true])
})

test('a code that a later relay invents is an error with its status and reason', () => {
  const nack = readMessageAnswer('{"nack":{"status":451,"code":"__proto__","reason":"not here"}}')
  assert.ok(nack && 'error' in nack)
  assert.deepEqual([nack.error.code, nack.error.httpStatus, nack.error.message], ['InternalError', 451, 'not here'])
})

for (const text of [
  '',
  'null',
  '[]',
  '"ack"',
  '{}',
  '{"ack":{}}',
  '{"ack":{"receivers":-1,"id":"x"}}',
  '{"ack":{"receivers":1.5,"id":"x"}}',
  '{"ack":{"receivers":1}}',
  '{"ack":{"receivers":1,"id":"x"},"nack":{"status":502,"code":"a"}}',
  '{"nack":{"status":200,"code":"a"}}',
  '{"nack":{"status":"502","code":"a"}}',
  '{"nack":null}',
]) {
  test(`no answer: ${text}`, () => assert.equal(readMessageAnswer(text), undefined))
}
