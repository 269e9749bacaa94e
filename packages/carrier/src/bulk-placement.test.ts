import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BulkPlacement, type PlacedStream } from './bulk-placement.ts'

const mebibyte = 1_048_576

/** Streams of one carrier that have moved so much. */
function streamsOf(roundTripMs: number, ...bytes: readonly number[]): PlacedStream[] {
  const carrier = { roundTripMs, streamCount: bytes.length } as unknown as PlacedStream['carrier']
  return bytes.map((bytesReceived) => ({ bytesReceived, bytesWritten: 0, carrier }))
}

test('a stream that moves 4 MiB a second and shares its carrier is hot, the hottest first', () => {
  const streams = streamsOf(1, 4 * mebibyte, 3 * mebibyte, 9 * mebibyte)
  assert.deepEqual(new BulkPlacement(0).look(streams, 1000), [streams[2], streams[0]])
})

test('on a long path it is hot when it moves 16 KiB in each round trip', () => {
  const streams = streamsOf(200, 70_000, 90_000)
  assert.deepEqual(new BulkPlacement(0).look(streams, 1000), [streams[1]])
})

test('a stream that is alone on its carrier is left there, and one that rests is not hot any more', () => {
  assert.deepEqual(new BulkPlacement(0).look(streamsOf(1, 100 * mebibyte), 1000), [])
  const placement = new BulkPlacement(0)
  const streams = streamsOf(1, 100 * mebibyte, 0)
  assert.equal(placement.look(streams, 1000).length, 1)
  assert.equal(placement.look(streams, 2000).length, 0)
})

test('a path whose round trip is not known yet counts as a short one', () => {
  assert.deepEqual(new BulkPlacement(0).look(streamsOf(0, 3 * mebibyte, 3 * mebibyte), 1000), [])
})
