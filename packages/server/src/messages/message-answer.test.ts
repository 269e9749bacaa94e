import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorTable } from '@postern/protocol'
import { FrameDecoder } from '@postern/websocket'
import { writeAnswer } from './message-answer.ts'

/** Texts of the frames in a buffer. */
function decode(bytes: Uint8Array): string[] {
  const texts: string[] = []
  const sink = {
    onFrame: () => void texts.push(''),
    onPayload: (buffer: Uint8Array, start: number, end: number) =>
      void texts.push(`${texts.pop()}${Buffer.from(buffer.subarray(start, end)).toString()}`),
    onFrameEnd: () => {},
    onControl: () => {},
  }
  new FrameDecoder({ expectMask: false, sink }).push(bytes)
  return texts
}

test('answers of a turn are text frames of JSON, whatever error it is', () => {
  const acks = [0, 1, 10_000].map((receivers) => ({ ack: { receivers, id: '6d0f7f3e-0000-4000-8000-000000000000' } }))
  const nacks = Object.entries(errorTable).map(([code, { httpStatus, message }]) => ({
    nack: { status: httpStatus, code, reason: message },
  }))
  const answers = [...acks, ...nacks]
  const texts = decode(Buffer.from(answers.map(writeAnswer).join(''), 'latin1'))
  assert.deepEqual(
    texts.map((text) => JSON.parse(text)),
    answers,
  )
})
