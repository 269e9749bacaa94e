import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CarrierStream } from '../streams/carrier-stream.ts'
import { StreamConnection } from './stream-connection.ts'

/** A connection whose program has stopped reading, and what that has heard. */
function openPaused() {
  const connection = new StreamConnection({ trackingId: 't', cutCode: 'cancelled' })
  let consumed = 0
  connection.attach({ kind: 'tcp', consume: (bytes: number) => (consumed += bytes) } as unknown as CarrierStream)
  const heard: string[] = []
  connection.onData(Buffer.from('a'))
  connection.open({
    onData: (bytes) => heard.push(Buffer.from(bytes).toString()),
    onEof: () => heard.push('end'),
    onDrain: () => {},
    onClosed: (error) => heard.push(error ? 'cut' : 'closed'),
  })
  connection.pause()
  return { connection, heard, consumed: () => consumed }
}

test('what comes while nobody reads waits in order, without credit, and the end behind it', () => {
  const { connection, heard, consumed } = openPaused()
  for (const text of ['b', 'c']) connection.onData(Buffer.from(text))
  connection.onEnd()
  connection.onClosed(undefined)
  assert.deepEqual([heard, consumed()], [['a'], 1])
  connection.resume()
  assert.deepEqual([heard, consumed()], [['a', 'bc', 'end', 'closed'], 3])
  connection.resume()
  assert.equal(heard.length, 4)
})

test('a stream that is cut while its bytes wait does not look ended', () => {
  const { connection, heard } = openPaused()
  connection.onData(Buffer.from('b'))
  connection.onEnd()
  connection.onClosed({ code: 'cancelled', reason: 'gone', by: 'peer' })
  connection.resume()
  assert.deepEqual(heard, ['a', 'cut'])
})

test('a program that stops again while it takes what waits is left alone', () => {
  const connection = new StreamConnection({ trackingId: 't', cutCode: 'cancelled' })
  const heard: number[] = []
  for (let i = 0; i < 3; i += 1) connection.onData(new Uint8Array(2000))
  connection.onEnd()
  connection.open({
    onData: (bytes) => {
      heard.push(bytes.length)
      connection.pause()
    },
    onEof: () => heard.push(0),
    onDrain: () => {},
    onClosed: () => {},
  })
  assert.deepEqual(heard, [2000])
  connection.resume()
  assert.deepEqual(heard, [2000, 2000])
  connection.resume()
  connection.resume()
  assert.deepEqual(heard, [2000, 2000, 2000, 0])
})
