import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AuditQueue } from './audit-queue.ts'

test('what was pushed is taken in order, so many at a time', () => {
  const queue = new AuditQueue({ maxWaiting: 10 })
  for (const body of ['a', 'b', 'c']) queue.push(body)
  assert.deepEqual(queue.take(2), ['a', 'b'])
  assert.deepEqual(queue.take(2), ['c'])
  assert.deepEqual(queue.take(2), [])
  assert.deepEqual([queue.end, queue.lost], [3, 0])
})

test('what finds no room is counted, and one record stands in its place', () => {
  const queue = new AuditQueue({ maxWaiting: 3 })
  for (let at = 0; at < 103; at += 1) queue.push(`early ${at}`)
  assert.equal(queue.end, 4)
  assert.deepEqual(queue.take(2), ['early 0', 'early 1'])
  for (let at = 0; at < 3; at += 1) queue.push(`late ${at}`)
  const [last, lost = '', ...late] = queue.take(10)
  assert.equal(last, 'early 2')
  const { kind, result, reason } = JSON.parse(lost)
  assert.deepEqual(
    [kind, result, reason],
    ['audit', 'failed', '100 records were lost: they came faster than the disk took them'],
  )
  assert.deepEqual(late, ['late 0'])
  assert.match(queue.take(10)[0] ?? '', /"2 records were lost/)
  assert.deepEqual(queue.take(10), [])
  assert.deepEqual([queue.end, queue.lost], [6, 102])
})
