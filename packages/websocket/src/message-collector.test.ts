import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MessageCollector, type MessageCollectorOptions } from './message-collector.ts'

function collect(options: Partial<MessageCollectorOptions> = {}): { collector: MessageCollector; events: string[] } {
  const events: string[] = []
  const collector = new MessageCollector({
    maxTextBytes: 10,
    maxBinaryBytes: 5,
    onText: (text) => events.push(`text ${text}`),
    onBinary: (bytes) => events.push(`binary ${Buffer.from(bytes).toString()}`),
    onTooLarge: () => events.push('too large'),
    onInvalidText: () => events.push('invalid text'),
    ...options,
  })
  return { collector, events }
}

function feed(collector: MessageCollector, kind: 'text' | 'binary', ...chunks: (string | Uint8Array)[]): void {
  collector.onMessageStart(kind)
  for (const chunk of chunks) collector.onMessageData(Buffer.from(chunk))
  collector.onMessageEnd()
}

test('messages of many pieces come whole, also characters that are cut, and empty ones', () => {
  const { collector, events } = collect()
  const euro = Buffer.from('€')
  feed(collector, 'text', 'a', euro.subarray(0, 1), euro.subarray(1), 'b')
  feed(collector, 'binary')
  feed(collector, 'text')
  feed(collector, 'binary', '12', '345')
  assert.deepEqual(events, ['text a€b', 'binary ', 'text ', 'binary 12345'])
})

test('a byte order mark is text like any other', () => {
  const { collector, events } = collect()
  feed(collector, 'text', '\uFEFFa')
  assert.deepEqual(events, ['text \uFEFFa'])
})

test('a message above the limit of its kind is reported once, and nothing after it is delivered', () => {
  for (const [kind, limit] of [
    ['text', 10],
    ['binary', 5],
  ] as const) {
    const { collector, events } = collect()
    feed(collector, kind, 'x'.repeat(limit))
    feed(collector, kind, 'x'.repeat(limit), 'x', 'x')
    feed(collector, kind, 'y')
    assert.deepEqual(events, [`${kind} ${'x'.repeat(limit)}`, 'too large'])
  }
})

test('text that is not UTF-8 is reported, not delivered', () => {
  for (const bytes of [[0xff], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xc0, 0xaf]]) {
    const { collector, events } = collect()
    feed(collector, 'text', Uint8Array.from(bytes))
    feed(collector, 'text', 'later')
    assert.deepEqual(events, ['invalid text'])
  }
})

test('what was delivered does not change when later pieces come, or the chunk is used again', () => {
  const kept: Uint8Array[] = []
  const { collector } = collect({ onBinary: (bytes) => kept.push(bytes) })
  const chunk = Buffer.from('abc')
  collector.onMessageStart('binary')
  collector.onMessageData(chunk)
  chunk.fill('z')
  collector.onMessageEnd()
  feed(collector, 'binary', 'de')
  assert.deepEqual(
    kept.map((bytes) => Buffer.from(bytes).toString()),
    ['abc', 'de'],
  )
})
