import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChainedRecord } from '@postern/server'
import { formatHead, formatJsonRecord, formatRecords, formatVerdict, parseHead } from './audit-report.ts'

const hash = '0123456789abcdef'.repeat(4)

test('a head is read as it was printed, and nothing else is one', () => {
  const head = { sequence: 4711, hash }
  assert.deepEqual(parseHead(formatHead(head)), head)
  assert.deepEqual(parseHead(` 4711:${hash.toUpperCase()}\n`), head)
  for (const text of ['', '4711', `:${hash}`, `-1:${hash}`, `1:${hash}0`, `1:${hash.slice(1)}`, `1.5:${hash}`]) {
    assert.equal(parseHead(text), undefined, text)
  }
})

test('a verdict says how much is in order, and where it is not', () => {
  const head = { sequence: 9, hash }
  assert.equal(
    formatVerdict({ count: 6, first: 4, head }),
    `6 records, 4 to 9, are as they were written.\nHead 9:${hash}\n`,
  )
  assert.equal(formatVerdict({ count: 0, head }), `No record is kept.\nHead 9:${hash}\n`)
  const broken = { kind: 'missing', sequence: 10, explanation: 'Record 10 is missing.' } as const
  assert.equal(
    formatVerdict({ count: 6, first: 4, head, broken }),
    'BROKEN at 10: Record 10 is missing.\n6 records, 4 to 9, before it are as they were written.\n',
  )
  assert.equal(formatVerdict({ count: 0, head, broken }), 'BROKEN at 10: Record 10 is missing.\n')
})

test('a stream is listed with its bytes, its time and what ended it', () => {
  const chained: ChainedRecord = {
    sequence: 7,
    hash,
    record: {
      kind: 'stream',
      at: new Date('2026-01-31T12:00:00Z'),
      trackingId: 't_G0',
      principal: 'rule:namespace/root',
      action: 'connect',
      scope: '/s',
      result: 'succeeded',
      source: '192.0.2.1:4711',
      stream: {
        listener: 'l',
        bytesFromSender: 1000,
        bytesFromListener: 20,
        durationMs: 345,
        closeReason: 'sender: CLOSE 1000',
      },
    },
  }
  const [, line = ''] = formatRecords([chained]).split('\n')
  assert.deepEqual(line.split(/ {2,}/), [
    '7',
    '2026-01-31T12:00:00.000Z',
    'stream',
    'succeeded',
    'rule:namespace/root',
    'connect',
    '/s',
    '192.0.2.1:4711',
    '1000 B out, 20 B back, 345 ms, sender: CLOSE 1000',
  ])
  const object = JSON.parse(formatJsonRecord(chained))
  assert.deepEqual([object.sequence, object.kind, object.stream.bytesFromSender], [7, 'stream', 1000])
})
