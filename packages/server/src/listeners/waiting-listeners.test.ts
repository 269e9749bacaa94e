import assert from 'node:assert/strict'
import { Socket } from 'node:net'
import { describe, it } from 'node:test'
import { entityKey } from '../domain/hybrid-connection.ts'
import { WaitingListeners } from './waiting-listeners.ts'

const entity = entityKey('local', 'echo')
const always = (): boolean => true

describe('WaitingListeners', () => {
  it('lets go on in the order of arrival, as long as there is a place', () => {
    const waiting = new WaitingListeners()
    const went: number[] = []
    for (const n of [1, 2, 3]) waiting.add(entity, new Socket(), () => went.push(n))
    waiting.release(entity, () => went.length < 2)
    assert.deepEqual(went, [1, 2])
    assert.equal(waiting.size, 1)
    waiting.release(entityKey('local', 'other'), always)
    assert.equal(waiting.size, 1)
  })

  it('hands the socket on as it was: paused, with no listener left on it', () => {
    const waiting = new WaitingListeners()
    const socket = new Socket()
    const before = socket.eventNames().length
    waiting.add(entity, socket, () => {})
    waiting.release(entity, always)
    assert.equal(socket.eventNames().length, before)
    assert.equal(socket.isPaused(), true)
  })

  it('forgets who left, and cuts who speaks before the answer', async () => {
    const waiting = new WaitingListeners()
    const speaking = new Socket()
    waiting.add(entity, speaking, () => assert.fail('it is gone'))
    speaking.emit('data', Buffer.from('early'))
    assert.equal(speaking.destroyed, true)
    await new Promise(setImmediate)
    assert.equal(waiting.size, 0)
    waiting.release(entity, always)
  })

  it('takes no more than its maximum, and lets nobody go on once it is closed', () => {
    const waiting = new WaitingListeners({ maximum: 1 })
    assert.equal(
      waiting.add(entity, new Socket(), () => assert.fail('it is closed')),
      true,
    )
    assert.equal(
      waiting.add(entity, new Socket(), () => {}),
      false,
    )
    waiting.close()
    waiting.release(entity, always)
    assert.equal(waiting.size, 1)
  })
})
