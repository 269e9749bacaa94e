import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRelayError } from '@postern/protocol'
import { KeyedQueue } from './keyed-queue.ts'

test('tasks with one key run one after the other, with two keys side by side', async () => {
  const queue = new KeyedQueue()
  const log: string[] = []
  const gate = Promise.withResolvers<void>()
  const first = queue.run('a', async () => {
    log.push('first begins')
    await gate.promise
    log.push('first ends')
  })
  const second = queue.run('a', () => Promise.resolve(log.push('second')))
  await queue.run('b', () => Promise.resolve(log.push('other')))
  gate.resolve()
  await Promise.all([first, second])
  assert.deepEqual(log, ['first begins', 'other', 'first ends', 'second'])
  assert.equal(queue.size, 0)
})

test('a task that fails keeps nobody from going on', async () => {
  const queue = new KeyedQueue()
  const failed = queue.run('a', () => Promise.reject(new Error('no')))
  const next = queue.run('a', () => Promise.resolve('yes'))
  await assert.rejects(failed, /no/)
  assert.equal(await next, 'yes')
  assert.equal(queue.size, 0)
})

test('more tasks than may wait are refused, and the places of those that are done are free again', async () => {
  const queue = new KeyedQueue({ maximum: 2 })
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const
  const [first, second] = gates.map(({ promise }) => queue.run('a', () => promise))
  await assert.rejects(
    queue.run('a', () => Promise.resolve()),
    (error) => isRelayError(error, 'ServerBusy'),
  )
  gates[0].resolve()
  await first
  const third = queue.run('a', () => Promise.resolve('third'))
  gates[1].resolve()
  await second
  assert.equal(await third, 'third')
})
