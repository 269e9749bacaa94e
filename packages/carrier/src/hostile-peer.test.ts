import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Carrier } from './carrier.ts'
import { CarrierFrameDecoder } from './codec/frame-decoder.ts'
import { bytesOf, data, hello, number, open, openListener, secret } from './hostile-peer.contract.ts'
import { SenderSession } from './sender-session.ts'

describe('a listener end ends the carrier of a peer', () => {
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    ['that does not say hello', 'CARRIER_HELLO_EXPECTED', [open(1)]],
    ['that sends data before its hello', 'CARRIER_HELLO_EXPECTED', [data(1, 0, 'aa')]],
    ['that says hello twice', 'CARRIER_HELLO_REPEATED', [hello, hello]],
    ['of another version', 'CARRIER_VERSION', [hello.replace('0101', '0203')]],
    ['whose versions are upside down', 'CARRIER_FRAME_CONTENT', [hello.replace('0101', '0201')]],
    ['whose id is longer than its hello', 'CARRIER_FRAME_CONTENT', [hello.replace(/00$/, '01')]],
    ['with a type that is unknown', 'CARRIER_FRAME_TYPE', [hello, '7f000000 00000001']],
    ['with an optional frame that is too long', 'CARRIER_FRAME_LENGTH', [hello, '80ffffff 00000001']],
    ['with a length of its own', 'CARRIER_FRAME_LENGTH', [hello, '1400000d 00000001']],
    ['with DATA that is empty', 'CARRIER_FRAME_LENGTH', [hello, open(1), '13000006 00000001']],
    ['with DATA for stream 0', 'CARRIER_FRAME_STREAM', [hello, data(0, 0, 'aa')]],
    ['with PING for a stream', 'CARRIER_FRAME_STREAM', [hello, '02000008 00000001 0000000000000000']],
    ['with DATA for a stream that was never opened', 'CARRIER_FRAME_STREAM', [hello, open(1), data(2, 0, 'aa')]],
    ['that uses a number again', 'CARRIER_STREAM_NUMBER', [hello, open(2), open(2, 'ff'.repeat(16))]],
    ['that counts down', 'CARRIER_STREAM_NUMBER', [hello, open(2), open(1, 'ff'.repeat(16))]],
    ['that leaves a gap', 'CARRIER_OFFSET', [hello, open(1), data(1, 1, 'aa')]],
    ['that sends more than was granted', 'CARRIER_CREDIT', [hello, open(1), ...thirds(1, 9000)]],
    ['that ends before its bytes came', 'CARRIER_OFFSET', [hello, open(1), '15000006 00000001 000000000001']],
    [
      'that goes on after its end',
      'CARRIER_OFFSET',
      [hello, open(1), '15000006 00000001 000000000000', data(1, 0, 'aa')],
    ],
    [
      'that confirms what was not sent',
      'CARRIER_OFFSET',
      [hello, open(1), '1400000c 00000001 000000000001 000000010000'],
    ],
    ['that sends a datagram on TCP', 'CARRIER_FRAME_STREAM', [hello, open(1), '17000000 00000001']],
    ['that answers as a listener', 'CARRIER_FRAME_TYPE', [hello, open(1), `12000011 00000001 ${'00'.repeat(17)}`]],
    ['with a kind of stream that is unknown', 'CARRIER_FRAME_CONTENT', [hello, open(1).replace('00 0003', '02 0003')]],
    ['with a target that is longer than its frame', 'CARRIER_FRAME_CONTENT', [hello, open(1).replace('0003', '0004')]],
    ['with a target that is no UTF-8', 'CARRIER_FRAME_CONTENT', [hello, open(1).replace('613a31', 'ff3a31')]],
  ]
  for (const [title, code, frames] of cases) {
    test(title, () => {
      const bytes = bytesOf(...frames)
      assert.throws(() => openListener().carrier.receive(bytes, 0), { code })
      const { carrier } = openListener()
      assert.throws(
        () => {
          for (let at = 0; at < bytes.length; at += 1) carrier.receive(bytes.slice(at, at + 1), 0)
        },
        { code },
        'byte by byte',
      )
      assert.equal(carrier.isOpen, false)
    })
  }

  test('that wants more answers than it reads', () => {
    const { feed, session } = openListener({ maxCarrierStreams: 1 })
    feed(hello, open(1))
    const refused = Array.from({ length: 1100 }, (_, index) => open(index + 2, number(index).repeat(4)))
    assert.throws(() => feed(...refused), { code: 'CARRIER_FLOOD' })
    assert.equal(session.streamCount, 1)
  })

  test('that says nothing', () => {
    const everySecond = ({ carrier }: ReturnType<typeof openListener>, untilMs: number): void => {
      for (let nowMs = 1_000; nowMs <= untilMs; nowMs += 1_000) carrier.tick(nowMs)
    }
    const first = openListener()
    everySecond(first, 9_000)
    assert.throws(() => first.carrier.tick(10_000), { code: 'CARRIER_HELLO_LATE' })
    const second = openListener()
    second.feed(hello, open(1))
    everySecond(second, 7_000)
    assert.throws(() => second.carrier.tick(8_000), { code: 'CARRIER_SILENT' })
  })
})

/** More than 64 KiB in frames of this size. */
function thirds(id: number, bytes: number): string[] {
  return Array.from({ length: Math.ceil(65_537 / bytes) }, (_, index) => data(id, index * bytes, 'aa'.repeat(bytes)))
}

describe('a listener end', () => {
  test('opens no more streams than it may, on a carrier or in all', () => {
    const { feed, answers, session } = openListener({ maxCarrierStreams: 2 })
    feed(hello, open(1), open(2, 'aa'.repeat(16)), open(3, 'bb'.repeat(16)))
    assert.equal(session.streamCount, 2)
    assert.match(answers(), /160000[0-9a-f]{2}000000030005/)
    const narrow = openListener({ maxStreams: 1 })
    narrow.feed(hello, open(1), open(2, 'aa'.repeat(16)))
    assert.equal(narrow.session.streamCount, 1)
  })

  test('keeps one answer for any number of pings', () => {
    const { feed, answers } = openListener()
    feed(hello)
    answers()
    feed(...Array.from({ length: 5000 }, (_, index) => `02000008 00000000 00000000${number(index)}`))
    assert.equal(answers(), `030000080000000000000000${number(4999)}`)
    assert.equal(answers(), '')
  })

  test('answers a guessed secret as any that it does not know', () => {
    const { feed, answers, streams } = openListener()
    feed(hello, open(1))
    answers()
    feed(`11000020 00000002 00000001 ${'ab'.repeat(16)} 000000000000 000000010000`)
    assert.match(answers(), /^160000[0-9a-f]{2}000000020006/)
    assert.equal(streams.length, 1)
  })

  test('ignores a late attempt to resume, and what comes under numbers that were left', () => {
    const { feed, streams } = openListener()
    const resume = (id: number, attempt: number): string =>
      `11000020 ${number(id)} ${number(attempt)} ${secret} 000000000000 000000010000`
    feed(hello, open(1), data(1, 0, '61'), resume(2, 2), resume(3, 1))
    feed(data(3, 1, '78'), data(1, 1, '79'), data(2, 1, '62'))
    assert.equal(streams[0]?.end.text(), 'ab')
  })

  test('resets a stream that is resumed where it never was', () => {
    const { feed, streams } = openListener()
    feed(hello, open(1), `11000020 00000002 00000001 ${secret} 000000000005 000000010000`)
    assert.equal(streams[0]?.end.reset?.code, 'bytes-lost')
  })

  test('holds no more than its buffer for a peer that grants everything and confirms nothing', () => {
    const { feed, streams, answers, session } = openListener()
    feed(hello, open(1).replace('000000010000', 'ffffffffffff'))
    const { stream } = streams[0]!
    let writes = 0
    while (stream.write(new Uint8Array(16_384))) writes += 1
    assert.ok(writes <= 4)
    while (answers() !== '');
    feed('1400000c 00000001 000000000000 ffffffffffff')
    assert.equal(stream.write(new Uint8Array(1)), false)
    session.loseCarrier(stream.carrier as Carrier, 0)
    assert.equal(stream.write(new Uint8Array(1)), false)
    assert.ok(stream.bufferedBytes <= 66_000)
  })

  test('skips what later versions may say', () => {
    const { feed, streams } = openListener()
    feed(hello.replace('01000017', '01000019'), 'abcd', 'c8000003 00000009 010203', 'c8000000 00000000', open(1))
    assert.equal(streams.length, 1)
  })
})

test('a sender end lets nobody open a stream towards it', () => {
  for (const frame of [open(1), `11000020 00000001 00000001 ${secret} 000000000000 000000010000`]) {
    const session = new SenderSession({ nowMs: 0, onCarrierNeeded: () => {} })
    const carrier = session.addCarrier({ onWork: () => {} }, 0)
    assert.throws(() => carrier.receive(bytesOf(hello, frame), 0), { code: 'CARRIER_FRAME_TYPE' })
  }
})

test('a frame that is announced and does not come costs what has come', () => {
  const decoder = new CarrierFrameDecoder({ onFrame: () => {}, onData: () => {} })
  const before = process.memoryUsage().arrayBuffers
  const decoders = Array.from({ length: 1000 }, () => new CarrierFrameDecoder({ onFrame: () => {}, onData: () => {} }))
  for (const each of [decoder, ...decoders]) each.push(bytesOf('1700ffe3 00000001 00'))
  assert.ok(process.memoryUsage().arrayBuffers - before < 4_000_000)
})
