import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventParser, type ServerEvent } from './event-parser.ts'

const text =
  ': hello\r\nid: 1\r\nevent: a\r\ndata: x\r\ndata:  y\r\n\r\nid\ndata\n\nevent: lost\n\nunknown: z\nid: 4\n\nretry: 20\ndata: end\r\r'

const events: readonly ServerEvent[] = [
  { id: '1', type: 'a', data: 'x\n y' },
  { id: '', type: 'message', data: '' },
]

test('events are those of the specification, in one piece and in one-character pieces', () => {
  for (const pieces of [
    [text, '\n'],
    [...text.split(''), '\n'],
  ]) {
    const parser = new EventParser()
    assert.deepEqual(
      pieces.flatMap((piece) => parser.push(piece)),
      [...events, { id: '4', type: 'message', data: 'end' }],
    )
    assert.equal(parser.lastId, '4')
    assert.equal(parser.retryMs, 20)
  }
})

test('an id with a NUL is ignored, and an event without end is refused', () => {
  const parser = new EventParser('before')
  parser.push('id: a\0b\nretry: never\n')
  assert.equal(parser.lastId, 'before')
  assert.equal(parser.retryMs, undefined)
  const line = 'data: '.padEnd(600_000, 'x')
  assert.throws(() => parser.push(`${line}\n${line}\n`), RangeError)
  assert.throws(() => new EventParser().push('x'.repeat(2 ** 20 + 1)), RangeError)
})
