import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frameHeaderBytes } from './codec/frame-type.ts'
import { ControlFrames } from './control-frames.ts'

const frame = (byte: number, length = 10): Uint8Array => new Uint8Array(length).fill(byte)

test('frames leave in order, as many as leave half of the buffer to streams', () => {
  const control = new ControlFrames(10)
  for (const byte of [1, 2, 3]) control.add(frame(byte))
  const buffer = new Uint8Array(50)
  assert.equal(control.writeTo(buffer), 20)
  assert.deepEqual(buffer.subarray(0, 20), Uint8Array.of(...frame(1), ...frame(2)))
  assert.equal(control.writeTo(buffer), 10)
  assert.deepEqual([buffer[0], control.hasWork], [3, false])
})

test('of many PINGs the newest is answered, with a copy of what it said', () => {
  const control = new ControlFrames(10)
  const ping = frame(1, 8)
  control.answer(ping)
  ping.fill(2)
  control.answer(ping)
  ping.fill(3)
  const buffer = new Uint8Array(100)
  const end = control.writeTo(buffer)
  assert.deepEqual(buffer.subarray(frameHeaderBytes, end), frame(2, 8))
  assert.equal(control.writeTo(buffer), 0)
})

test('a peer that leaves more unread than may wait is known as a flood', () => {
  const control = new ControlFrames(2)
  for (const byte of [1, 2]) control.add(frame(byte))
  assert.equal(control.isFlooded, false)
  control.add(frame(3))
  assert.equal(control.isFlooded, true)
  assert.equal(control.writeTo(new Uint8Array(100)), 20)
})

test('nothing is left of a carrier that is lost', () => {
  const control = new ControlFrames(2)
  control.add(frame(1))
  control.answer(frame(1, 8))
  control.clear()
  assert.deepEqual([control.hasWork, control.writeTo(new Uint8Array(100))], [false, 0])
})
