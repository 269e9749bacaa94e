import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { TaskPacer } from './task-pacer.ts'

/** A pacer with a clock of its own, and tasks that say that they were done. */
function start() {
  const clock = { nowMs: 0 }
  const pacer = new TaskPacer({ minSliceMs: 1, maxSliceMs: 2, now: () => clock.nowMs })
  const done: string[] = []
  const task =
    (name: string, costMs = 1) =>
    () => {
      clock.nowMs += costMs
      done.push(name)
    }
  return { clock, pacer, done, task }
}

test('what comes while nothing waits is done at once', async () => {
  const { pacer, done, task } = start()
  pacer.add('handshake', task('first'))
  assert.deepEqual(done, ['first'])
  await turn()
  await turn()
  pacer.add('handshake', task('second'))
  assert.deepEqual(done, ['first', 'second'])
})

test('a burst of handshakes leaves a turn for others after each', async () => {
  const { pacer, done, task } = start()
  for (let i = 0; i < 6; i++) pacer.add('handshake', task(String(i)))
  assert.equal(done.length, 1)
  for (let turns = 1; turns <= 5; turns++) {
    await turn()
    assert.equal(done.length, 1 + turns)
  }
  assert.equal(pacer.waiting, 0)
  assert.deepEqual(done, ['0', '1', '2', '3', '4', '5'])
})

test('work whose cost comes behind it is counted: a handshake that seems to cost nothing is alone in its turn as well', async () => {
  const { pacer, done, task } = start()
  for (let i = 0; i < 4; i++) pacer.add('handshake', task(String(i), 0))
  await turn()
  assert.equal(done.length, 2)
})

test('some goodbyes share a turn', async () => {
  const { pacer, done, task } = start()
  for (let i = 0; i < 50; i++) pacer.add('goodbye', task(String(i), 0.2))
  await turn()
  assert.ok(done.length > 3 && done.length < 10, `${done.length} in two turns`)
})

test('who leaves goes before who is half inside, and that one before who knocks', async () => {
  const { pacer, done, task } = start()
  pacer.add('handshake', task('first'))
  pacer.add('handshake', task('handshake'))
  pacer.add('upgrade', task('upgrade'))
  pacer.add('goodbye', task('goodbye'))
  for (let turns = 0; turns < 3; turns++) await turn()
  assert.deepEqual(done, ['first', 'goodbye', 'upgrade', 'handshake'])
})

test('where other work takes long turns, more is done in each of them, up to a limit', async () => {
  const { clock, pacer, done, task } = start()
  pacer.add('handshake', task('0'))
  for (let i = 1; i < 10; i++) pacer.add('handshake', task(String(i)))
  clock.nowMs += 1_000
  await turn()
  assert.equal(done.length, 3)
})

test('what is added by a task waits for its turn as well', async () => {
  const { pacer, done, task } = start()
  pacer.add('handshake', () => pacer.add('handshake', task('inner')))
  assert.deepEqual(done, [])
  await turn()
  assert.deepEqual(done, ['inner'])
})
