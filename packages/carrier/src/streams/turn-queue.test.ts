import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TurnQueue, type TurnTaker } from './turn-queue.ts'

interface Named extends TurnTaker {
  readonly name: string
}

const taker = (name: string, sendableBytes: number): Named => ({ name, sendableBytes, isQueued: false })

test('who has little goes first, the others in the order in which they came', () => {
  const queue = new TurnQueue<Named>()
  for (const each of [taker('a', 9000), taker('b', 5000), taker('c', 10)]) queue.add(each)
  assert.deepEqual(
    [queue.next()?.name, queue.next()?.name, queue.next()?.name, queue.next()],
    ['c', 'a', 'b', undefined],
  )
})

test('who waits already does not wait twice', () => {
  const queue = new TurnQueue<Named>()
  const one = taker('a', 1)
  queue.add(one)
  queue.add(one)
  assert.equal(queue.next(), one)
  assert.equal(queue.isEmpty, true)
})

test('small turns without end leave a large one its turn', () => {
  const queue = new TurnQueue<Named>()
  const small = taker('small', 100)
  queue.add(taker('large', 100_000))
  let turns = 0
  for (;;) {
    queue.add(small)
    if (queue.next()?.name === 'large') break
    queue.used(2048)
    turns += 1
  }
  assert.equal(turns, 8)
})
