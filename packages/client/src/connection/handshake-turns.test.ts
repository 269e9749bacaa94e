import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HandshakeTurns } from './handshake-turns.ts'

interface Work {
  readonly done: Promise<void>
  readonly hasBegun: () => boolean
  readonly end: (error?: Error) => void
}

const signal = AbortSignal.timeout(10_000)

function begin(turns: HandshakeTurns, origin: string, stop = signal): Work {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let hasBegun = false
  const done = turns.run(origin, stop, () => {
    hasBegun = true
    return promise
  })
  done.catch(() => {})
  return { done, hasBegun: () => hasBegun, end: (error) => (error ? reject(error) : resolve()) }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('no more than the limit are under way, and those that wait come in order, also after a failure', async () => {
  const turns = new HandshakeTurns(2)
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(() => begin(turns, 'wss://one'))
  const begun = (): readonly boolean[] => [a!, b!, c!, d!].map((work) => work.hasBegun())
  assert.deepEqual(begun(), [true, true, false, false])
  b!.end(new Error('refused'))
  await assert.rejects(b!.done, /refused/)
  await settled()
  assert.deepEqual(begun(), [true, true, true, false])
  for (const work of [a!, c!]) work.end()
  await settled()
  assert.deepEqual(begun(), [true, true, true, true])
  d!.end()
  await d!.done
})

test('a relay that does not answer holds up nobody who wants another one', () => {
  const turns = new HandshakeTurns(1)
  const silent = begin(turns, 'wss://silent')
  const other = begin(turns, 'wss://other')
  assert.deepEqual([silent.hasBegun(), other.hasBegun()], [true, true])
  for (const work of [silent, other]) work.end()
})

test('who stops waiting takes no turn', async () => {
  const turns = new HandshakeTurns(1)
  const first = begin(turns, 'wss://one')
  const stop = new AbortController()
  const second = begin(turns, 'wss://one', stop.signal)
  const third = begin(turns, 'wss://one')
  stop.abort(new Error('closed'))
  await assert.rejects(second.done, /closed/)
  first.end()
  await settled()
  assert.deepEqual([second.hasBegun(), third.hasBegun()], [false, true])
  third.end()
  await third.done
})
