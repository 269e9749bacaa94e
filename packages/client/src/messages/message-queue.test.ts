import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RelayError } from '@postern/protocol'
import { MessageQueue } from './message-queue.ts'

function createQueue(maxBytes = 1_000): { readonly queue: MessageQueue; readonly calls: string[] } {
  const calls: string[] = []
  const queue = new MessageQueue({ maxBytes, onFull: () => calls.push('full'), onRoom: () => calls.push('room') })
  return { queue, calls }
}

test('messages come out in order, whoever was first', async () => {
  const { queue } = createQueue()
  const early = queue.take()
  queue.add('a')
  queue.add('b')
  assert.equal((await early).value?.data, 'a')
  assert.equal((await queue.take()).value?.data, 'b')
})

test('it is full once its bytes are used up, empty messages included, and has room at half', async () => {
  const { queue, calls } = createQueue(1_024)
  for (let index = 0; index < 8; index += 1) queue.add('')
  assert.deepEqual(calls, ['full'])
  queue.add('one more that had been read already')
  assert.deepEqual(calls, ['full'])
  for (let index = 0; index < 9; index += 1) await queue.take()
  assert.deepEqual(calls, ['full', 'room'])
})

test('a loss stands with the first message behind it, once', async () => {
  const { queue } = createQueue()
  queue.add('before')
  const loss = { reason: 'away', error: new RelayError('ConnectionFailed') } as const
  queue.noteLoss(loss)
  queue.noteLoss({ ...loss, reason: 'slow' })
  queue.add('after')
  queue.add('later')
  const all = [await queue.take(), await queue.take(), await queue.take()]
  assert.deepEqual(
    all.map(({ value }) => value?.loss),
    [undefined, loss, undefined],
  )
})

test('an end gives what is there first; an error does not', async () => {
  const { queue } = createQueue()
  queue.add('a')
  queue.end()
  queue.add('b')
  assert.equal((await queue.take()).value?.data, 'a')
  assert.equal((await queue.take()).done, true)
  const { queue: broken } = createQueue()
  broken.add('a')
  broken.end(new Error('enough'))
  await assert.rejects(broken.take(), { message: 'enough' })
})

test('whoever waits hears of the end', async () => {
  const { queue } = createQueue()
  const waiting = queue.take()
  queue.end()
  assert.equal((await waiting).done, true)
})
