import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Carrier } from './carrier.ts'
import { TestBed } from './carrier-link.contract.ts'
import {
  attached,
  data,
  fin,
  goAway,
  hello,
  open,
  openListener,
  openSender,
  reset,
  resume,
  secret,
  secretOf,
  windowOf,
} from './hostile-peer.contract.ts'
import { CreditBudget } from './streams/credit-budget.ts'

/** OPENs with numbers and secrets of their own. */
const opens = (count: number, first = 1): string[] =>
  Array.from({ length: count }, (_, index) => open(first + index, secretOf(first + index)))

describe('a listener end', () => {
  test('opens only so many streams a second for one carrier, however soon they end', () => {
    const { feed, streams, answers, pass } = openListener({ maxOpensPerSecond: 10 })
    feed(hello)
    for (let id = 1; id <= 15; id += 1) feed(open(id, secretOf(id)), reset(id, 1))
    assert.equal(streams.length, 10)
    assert.equal(answers().match(/0005546f6f206d616e79/g)?.length, 5)
    pass(200)
    for (let id = 16; id <= 20; id += 1) feed(open(id, secretOf(id)), reset(id, 1))
    assert.equal(streams.length, 12)
  })

  test('shares its bound for streams with all other ends of the process', () => {
    const budget = new CreditBudget({ maxStreams: 3 })
    const [one, other] = [openListener({}, budget), openListener({}, budget)]
    one.feed(hello, ...opens(2))
    other.feed(hello, ...opens(2))
    assert.deepEqual([one.session.streamCount, other.session.streamCount], [2, 1])
    one.feed(reset(1, 1))
    other.feed(open(3, secretOf(3)))
    assert.deepEqual([one.session.streamCount, other.session.streamCount, budget.streamCount], [1, 2, 3])
  })

  test('holds streams without a carrier among those that it may have, and only for their time', () => {
    const { feed, session, carrier, pass, streams } = openListener({ maxStreams: 3 })
    feed(hello, ...opens(3))
    session.loseCarrier(carrier, 0)
    const second = session.addCarrier({ onWork: () => {} }, 0)
    second.receive(Buffer.from((hello + open(1, secretOf(9))).replaceAll(' ', ''), 'hex'), 0)
    assert.equal(session.streamCount, 3)
    pass(60_000)
    assert.equal(session.streamCount, 0)
    assert.deepEqual(
      streams.map(({ end }) => end.reset?.code),
      ['resume-expired', 'resume-expired', 'resume-expired'],
    )
  })

  test('remembers no more ended streams than it may, and no secret brings one back', () => {
    const { feed, session, streams, answers } = openListener({ maxFinishedStreams: 4 })
    feed(hello)
    for (let id = 1; id <= 50; id += 1) feed(open(id, secretOf(id)), reset(id, 1))
    answers()
    feed(resume(51, 1, secretOf(50)), resume(52, 1, secretOf(1)), open(53, secretOf(2), 1))
    const said = answers()
    assert.match(said, /160000[0-9a-f]{2}000000330001/)
    assert.match(said, /160000[0-9a-f]{2}000000340006/)
    assert.match(said, /160000[0-9a-f]{2}000000350006/)
    assert.deepEqual([session.streamCount, streams.length], [0, 50])
  })

  test('ends the carrier of a peer that asks for any number of streams that it does not know, and reads nothing', () => {
    const { feed, session } = openListener()
    const guesses = Array.from({ length: 2100 }, (_, index) => resume(index + 1, 1, secretOf(index)))
    assert.throws(() => feed(hello, ...guesses), { code: 'CARRIER_FLOOD' })
    assert.equal(session.streamCount, 0)
  })

  test('keeps no byte of DATA for streams that are not there', () => {
    const { feed, answers, streams } = openListener()
    feed(hello, open(1), reset(1, 1))
    answers()
    for (let offset = 0; offset < 1_000_000; offset += 10_000) feed(data(1, offset, 'aa'.repeat(10_000)))
    assert.deepEqual([answers(), streams[0]?.end.heardBytes], ['', 0])
  })

  test('hears bytes that come again once, and twice the same end once', () => {
    const { feed, streams } = openListener()
    feed(
      hello,
      open(1),
      data(1, 0, '6162'),
      data(1, 0, '6162'),
      data(1, 1, '6263'),
      fin(1, 3),
      fin(1, 3),
      data(1, 0, '61'),
    )
    assert.deepEqual([streams[0]?.end.text(), streams[0]?.end.isEnded], ['abc', true])
  })

  test('grants a peer that sends single bytes no more than one that sends many', () => {
    const { feed, streams, answers } = openListener()
    feed(hello, open(1))
    for (let offset = 0; offset < 65_536; offset += 1) feed(data(1, offset, 'aa'))
    while (answers() !== '');
    assert.equal(streams[0]?.end.heardBytes, 65_536)
    assert.throws(() => feed(data(1, 65_536, 'aa')), { code: 'CARRIER_CREDIT' })
  })

  test('takes a target that is as long as a frame may be for a broken frame', () => {
    const { feed } = openListener()
    const target = 'aa'.repeat(65_500)
    const frame = `1000ffff 00000001 00000000 ${secret} 000000000000 000000010000 00 ffdc ${target}`
    assert.throws(() => feed(hello, frame), { code: 'CARRIER_FRAME_LENGTH' })
  })

  test('has given all streams up when it is over', () => {
    const budget = new CreditBudget()
    const { feed, session, streams, carrier } = openListener({}, budget)
    feed(hello, ...opens(3))
    session.loseCarrier(carrier, 0)
    session[Symbol.dispose]()
    assert.deepEqual([session.streamCount, budget.streamCount], [0, 0])
    assert.ok(streams.every(({ end }) => end.isClosed))
  })
})

describe('a sender end', () => {
  test('with a listener that confirms nothing and grants everything buffers its first window', () => {
    const { feed, streams, answers, pass } = openSender(1)
    feed(hello.replace('00010000', 'ffffffff'))
    answers()
    feed(attached(1, 0, 0, 2 ** 48 - 2))
    const { stream } = streams[0]!
    while (stream.write(new Uint8Array(8192)));
    for (let second = 0; second < 100; second += 1) {
      while (answers() !== '');
      feed(windowOf(1, 0, 2 ** 48 - 2))
      pass(10)
    }
    assert.deepEqual([stream.bufferedBytes, stream.write(new Uint8Array(1))], [65_536, false])
  })

  test('with a listener that takes no streams waits, and gives up in time', () => {
    const { feed, streams, answers, pass } = openSender(2)
    feed(hello.replace('00000400', '00000000'))
    answers()
    pass(59_999)
    assert.equal(streams[0]?.end.isClosed, false)
    pass(1)
    assert.equal(streams[1]?.end.reset?.code, 'resume-expired')
  })

  test('leaves a listener that answers another attempt, or a stream that is not there', () => {
    for (const answer of [attached(1, 1), attached(3), windowOf(1, 1, 65_536), data(2, 1, 'aa')]) {
      const { feed, streams, answers, session, carrier } = openSender(2)
      feed(hello)
      answers()
      assert.throws(() => feed(answer), { name: 'CarrierError' })
      session.loseCarrier(carrier, 0)
      assert.ok(streams.every(({ end }) => !end.isClosed))
    }
  })

  test('hears nothing that was not granted', () => {
    const { feed, streams, answers } = openSender(1)
    feed(hello)
    answers()
    feed(attached(1), data(1, 0, 'aa'.repeat(60_000)))
    assert.throws(() => feed(data(1, 60_000, 'aa'.repeat(5537))), { code: 'CARRIER_CREDIT' })
    assert.equal(streams[0]?.end.heardBytes, 60_000)
  })

  test('that gives up everything that one carrier holds is no flood to itself', () => {
    const { feed, session, streams, answers, carrier } = openSender(1024)
    feed(hello)
    while (answers() !== '');
    for (const { stream } of streams) stream.reset('cancelled')
    carrier.tick(0)
    feed(goAway)
    carrier.tick(0)
    let said = ''
    for (let part = answers(); part !== ''; part = answers()) said += part
    assert.equal(said.match(new RegExp(`16000022[0-9a-f]{8}0001`, 'g'))?.length, 1024)
    assert.equal(session.streamCount, 0)
  })

  test('resets what another process than the one that took it would continue, without a word to that', () => {
    const { feed, session, streams, answers, carrier } = openSender(1)
    feed(hello)
    assert.match(answers(), /^.{62}.*10000023/)
    session.loseCarrier(carrier, 0)
    const second = session.addCarrier({ onWork: () => {} }, 0)
    second.receive(Buffer.from(hello.replace('000000000000', '000000000001').replaceAll(' ', ''), 'hex'), 0)
    const buffer = new Uint8Array(65_536)
    const said = Buffer.from(buffer.subarray(0, second.writeTo(buffer, 0))).toString('hex')
    assert.equal(streams[0]?.end.reset?.code, 'unknown-stream')
    assert.ok(!said.includes('11000020') && !said.includes('10000023'))
  })
})

test('the growth of windows is shared: whoever is first leaves something to the others', () => {
  const budget = new CreditBudget({ totalBytes: 1_000_000 })
  const held = Array.from({ length: 5 }, () => 10_000)
  for (let round = 0; round < 10; round += 1) {
    for (const [index, bytes] of held.entries()) if (budget.take(bytes, bytes)) held[index] = 2 * bytes
  }
  assert.ok(Math.max(...held) <= 2 * Math.min(...held), String(held))
  assert.ok(budget.usedBytes <= 1_000_000)
  assert.ok(budget.take(10_000, 10_000))
})

test('a second sender that sends again what the first one sent opens nothing and hears nothing', () => {
  const bed = new TestBed()
  const link = bed.addLink()
  const { stream, end } = bed.open()
  stream.write(Buffer.from('secret words'))
  link.fill()
  link.fill()
  const recorded = link.toListener.chunks.map((chunk) => chunk.slice())
  bed.run()
  const replay = bed.listener.addCarrier({ onWork: () => {} }, bed.nowMs)
  for (const chunk of recorded) replay.receive(chunk.slice(), bed.nowMs)
  bed.run()
  const buffer = new Uint8Array(65_536)
  const said = Buffer.from(buffer.subarray(0, replay.writeTo(buffer, bed.nowMs))).toString('latin1')
  assert.ok(!said.includes('words'))
  assert.equal(bed.accepted.length, 1)
  assert.equal((bed.accepted[0]?.stream.carrier as Carrier | undefined) === replay, false)
  bed.accepted[0]?.stream.write(Buffer.from('answer'))
  bed.run()
  assert.deepEqual([bed.accepted[0]?.end.text(), end.text()], ['secret words', 'answer'])
})
