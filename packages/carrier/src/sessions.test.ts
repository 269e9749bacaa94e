import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { minSendBufferBytes } from './carrier.ts'
import { TestBed } from './carrier-link.contract.ts'
import { frameHeaderBytes } from './codec/frame-type.ts'

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))
const many = (bytes: number): Uint8Array =>
  Uint8Array.from({ length: bytes }, (_, index) => (index * 7 + (index >> 8)) & 255)

describe('new streams', () => {
  for (const { path, oneWayMs, counts } of [
    { path: 'short', oneWayMs: 1, counts: [4, 0] },
    { path: 'long', oneWayMs: 50, counts: [2, 2] },
  ]) {
    test(`on a ${path} path are ${counts.join(' and ')} on two carriers`, () => {
      const bed = new TestBed()
      const links = [bed.addLink(), bed.addLink()]
      bed.run(oneWayMs)
      for (let i = 0; i < 4; i += 1) bed.open()
      assert.deepEqual(
        links.map(({ sender }) => sender.streamCount),
        counts,
      )
    })
  }
})

describe('a stream', () => {
  test('carries target, context and first bytes in one flight', () => {
    const bed = new TestBed()
    const link = bed.addLink()
    bed.run()
    const { stream, end } = bed.open({ target: 'db.corp:5432', context: '{"caller":"ann"}' })
    stream.write(bytesOf('hello'))
    link.fill()
    assert.equal(link.toListener.chunks.length, 1)
    bed.run()
    const [accepted] = bed.accepted
    assert.equal(accepted?.stream.target, 'db.corp:5432')
    assert.equal(accepted?.stream.context, '{"caller":"ann"}')
    assert.equal(accepted?.end.text(), 'hello')
    assert.equal(end.isConnected, true)
  })

  test('whose target is near is answered once', () => {
    const bed = new TestBed()
    const link = bed.addLink()
    bed.run()
    bed.open()
    link.fill()
    link.deliver('there', 1 << 20)
    link.fill()
    assert.equal(link.toSender.chunks.length, 1)
    assert.equal(link.toSender.chunks[0]?.length, frameHeaderBytes + 17)
  })

  test('whose target takes its time is answered when words that waited are sent, and once more when the target is there', () => {
    const bed = new TestBed()
    bed.connectsAtOnce = false
    const link = bed.addLink()
    bed.run()
    const { stream, end } = bed.open()
    link.fill()
    link.deliver('there', 1 << 20)
    assert.equal(link.listener.writeTo(new Uint8Array(minSendBufferBytes), bed.nowMs), 0)
    bed.run()
    assert.deepEqual([stream.isAnswerDue, end.isConnected], [false, false])
    bed.accepted[0]!.stream.confirmConnected()
    bed.run()
    assert.equal(end.isConnected, true)
  })

  test('whose target takes its time is answered at once on a second carrier', () => {
    const bed = new TestBed()
    bed.connectsAtOnce = false
    const first = bed.addLink()
    const { stream } = bed.open()
    bed.run()
    first.cut()
    bed.addLink()
    bed.run()
    assert.equal(stream.isAnswerDue, false)
  })

  test('ends each direction by itself, and is clean when both ends know', () => {
    const bed = new TestBed()
    bed.addLink()
    const { stream, end } = bed.open()
    stream.write(bytesOf('question'))
    stream.end()
    bed.run()
    const accepted = bed.accepted[0]!
    assert.equal(accepted.end.isEnded, true)
    assert.equal(end.isClosed, false)
    accepted.stream.write(bytesOf('answer'))
    accepted.stream.end()
    bed.run()
    assert.equal(end.text(), 'answer')
    assert.deepEqual([end.isEnded, end.isClosed, end.reset], [true, true, undefined])
    assert.deepEqual([accepted.end.isClosed, accepted.end.reset], [true, undefined])
    assert.equal(bed.sender.streamCount + bed.listener.streamCount, 0)
  })

  test('is over as soon as something else leaves that its last word can go with', () => {
    const bed = new TestBed()
    const link = bed.addLink()
    const [ended, other] = [bed.open(), bed.open()]
    bed.run()
    const pass = (): void => {
      link.fill()
      link.deliver('there', 1 << 20)
      link.deliver('back', 1 << 20)
    }
    ended.stream.end()
    bed.accepted[0]!.stream.end()
    // Neither end has heard of the other's FIN when it sends its own.
    pass()
    assert.deepEqual([ended.end.isEnded, ended.end.isClosed], [true, false])
    other.stream.write(bytesOf('question'))
    bed.accepted[1]!.stream.write(bytesOf('answer'))
    pass()
    assert.deepEqual([ended.end.isClosed, bed.accepted[0]!.end.isClosed], [true, true])
    assert.deepEqual([other.end.text(), bed.accepted[1]!.end.text()], ['answer', 'question'])
  })

  test('that is reset tells the peer why, without control characters', () => {
    const bed = new TestBed()
    bed.addLink()
    const { end } = bed.open()
    bed.run()
    bed.accepted[0]!.stream.reset('refused', 'not\r\nallowed\u202e here')
    bed.run()
    assert.deepEqual(end.reset, { code: 'refused', reason: 'not  allowed  here', by: 'peer' })
    assert.equal(end.isEnded, false)
  })

  test('that nobody reads costs its window, and goes on when it is read', () => {
    const bed = new TestBed()
    bed.addLink()
    const { stream, end } = bed.open()
    bed.run()
    const sent = many(300_000)
    assert.equal(stream.write(sent), false)
    bed.run()
    const accepted = bed.accepted[0]!
    assert.equal(accepted.end.heardBytes, 65_536)
    assert.equal(end.drains, 0)
    while (accepted.end.unconsumed > 0) {
      accepted.stream.consume(accepted.end.unconsumed)
      accepted.end.unconsumed = 0
      bed.run()
    }
    assert.deepEqual(Buffer.concat(accepted.end.heard), Buffer.from(sent))
    assert.equal(end.drains, 1)
    assert.equal(stream.bufferedBytes < 65_536, true)
    bed.tick(1000)
    bed.run()
    assert.equal(stream.bufferedBytes, 0)
  })

  test('of UDP keeps the bounds of its datagrams', () => {
    const bed = new TestBed()
    bed.addLink()
    const { stream, end } = bed.open({ kind: 'udp' })
    bed.run()
    const accepted = bed.accepted[0]!
    stream.sendDatagram(bytesOf('one'))
    stream.sendDatagram(bytesOf(''))
    stream.sendDatagram(new Uint8Array(65_507))
    accepted.stream.sendDatagram(bytesOf('back'))
    bed.run()
    assert.deepEqual(
      accepted.end.datagrams.map((text) => text.length),
      [3, 0, 65_507],
    )
    assert.deepEqual(end.datagrams, ['back'])
    stream.end()
    accepted.stream.end()
    bed.run()
    assert.deepEqual([end.isClosed, end.reset, accepted.end.isClosed], [true, undefined, true])
  })
})

describe('a stream whose carrier is lost', () => {
  test('goes on at the byte where each end was', () => {
    const bed = new TestBed()
    const link = bed.addLink()
    const { stream, end } = bed.open()
    bed.run()
    const accepted = bed.accepted[0]!
    const [there, back] = [many(60_000), many(50_000)]
    stream.write(there)
    accepted.stream.write(back)
    link.fill()
    link.deliver('there', 20_000)
    link.deliver('back', 300)
    link.cut()
    assert.ok(bed.carriersNeeded > 0)
    bed.addLink()
    bed.run()
    assert.deepEqual(Buffer.concat(accepted.end.heard), Buffer.from(there))
    assert.deepEqual(Buffer.concat(end.heard), Buffer.from(back))
  })

  test('and that is given up meanwhile is given up at the other end as soon as there is a carrier', () => {
    const bed = new TestBed()
    const link = bed.addLink()
    const [waiting, sent, living] = [bed.open(), bed.open(), bed.open()]
    bed.run()
    // One RESET goes down with the carrier, one finds none.
    sent.stream.reset('cancelled')
    link.fill()
    link.cut()
    waiting.stream.reset('cancelled')
    assert.deepEqual(
      bed.accepted.map(({ end }) => end.isClosed),
      [false, false, false],
    )
    bed.addLink()
    bed.run()
    assert.deepEqual(
      bed.accepted.map(({ end }) => end.reset?.code),
      ['cancelled', 'cancelled', undefined],
    )
    living.stream.write(bytesOf('still here'))
    bed.run()
    assert.equal(bed.accepted[2]?.end.text(), 'still here')
    assert.equal(bed.listener.streamCount, 1)
  })

  test('before its OPEN arrived is opened once', () => {
    const bed = new TestBed()
    const link = bed.addLink()
    bed.run()
    const { stream } = bed.open()
    stream.write(bytesOf('once'))
    link.fill()
    link.cut()
    bed.addLink()
    bed.run()
    assert.deepEqual(
      bed.accepted.map(({ end }) => end.text()),
      ['once'],
    )
  })

  test('before the answer to its OPEN arrived is opened once', () => {
    const bed = new TestBed()
    const link = bed.addLink()
    bed.run()
    const { stream, end } = bed.open()
    stream.write(bytesOf('once'))
    link.fill()
    link.deliver('there', 10_000)
    assert.equal(bed.accepted.length, 1)
    link.cut()
    bed.addLink()
    bed.run()
    stream.write(bytesOf(' more'))
    bed.run()
    assert.deepEqual(
      bed.accepted.map(({ end }) => end.text()),
      ['once more'],
    )
    assert.equal(end.isConnected, true)
  })

  test('after the target was reset hears of that, and the target is not dialled again', () => {
    const bed = new TestBed()
    const link = bed.addLink()
    bed.run()
    const { end } = bed.open()
    link.fill()
    link.deliver('there', 10_000)
    bed.accepted[0]!.stream.reset('target-reset')
    link.cut()
    bed.addLink()
    bed.run()
    assert.equal(end.reset?.code, 'target-reset')
    assert.equal(bed.accepted.length, 1)
  })

  test('with its last confirmation ends cleanly', () => {
    const bed = new TestBed()
    const link = bed.addLink()
    bed.run()
    const { stream, end } = bed.open()
    bed.run()
    const accepted = bed.accepted[0]!
    accepted.stream.end()
    bed.run()
    stream.end()
    link.fill()
    link.deliver('there', 10_000)
    link.fill()
    assert.equal(accepted.end.isClosed, true)
    assert.equal(end.isClosed, false)
    link.cut()
    bed.addLink()
    bed.run()
    assert.deepEqual([end.isClosed, end.reset], [true, undefined])
  })

  test('for too long is reset at both ends, and never looks ended', () => {
    const bed = new TestBed()
    const link = bed.addLink()
    const { stream, end } = bed.open()
    stream.write(bytesOf('half a sent'))
    bed.run()
    link.cut()
    bed.tick(59_000)
    assert.equal(end.isClosed, false)
    bed.tick(1000)
    const [accepted] = bed.accepted
    assert.deepEqual([end.reset?.code, accepted?.end.reset?.code], ['resume-expired', 'resume-expired'])
    assert.equal(accepted?.end.isEnded, false)
    assert.equal(bed.sender.streamCount + bed.listener.streamCount, 0)
  })

  test('and whose listener was started anew is reset, even if it was never answered', () => {
    const bed = new TestBed()
    const link = bed.addLink()
    bed.run()
    const { end } = bed.open()
    link.fill()
    Object.defineProperty(bed.listener, 'epoch', { value: bed.listener.epoch + 1 })
    link.cut()
    bed.addLink()
    bed.run()
    assert.equal(end.reset?.code, 'unknown-stream')
    assert.equal(bed.accepted.length, 0)
  })

  test('is reset when the listener has forgotten it', () => {
    const bed = new TestBed({ maxFinishedStreams: 0 })
    const link = bed.addLink()
    const { end } = bed.open()
    bed.run()
    link.cut()
    bed.accepted[0]!.stream.reset('cancelled')
    bed.addLink()
    bed.run()
    assert.equal(end.reset?.code, 'unknown-stream')
  })
})

describe('a carrier', () => {
  test('that drains hands its streams over and is empty', () => {
    const bed = new TestBed()
    const link = bed.addLink()
    const { stream } = bed.open()
    bed.run()
    const second = bed.addLink()
    bed.run()
    link.listener.goAway('draining', 'node stops')
    stream.write(many(40_000))
    bed.run()
    assert.equal(link.sender.streamCount + link.listener.streamCount, 0)
    assert.equal(second.listener.streamCount, 1)
    assert.deepEqual(Buffer.concat(bed.accepted[0]!.end.heard), Buffer.from(many(40_000)))
    assert.equal(bed.carriersNeeded, 1)
  })

  test('lets small streams pass beside bulk', () => {
    const bed = new TestBed()
    const link = bed.addLink()
    bed.run()
    const bulk = Array.from({ length: 20 }, () => bed.open())
    bed.run()
    for (const { stream } of bulk) stream.write(many(60_000))
    const { stream } = bed.open({ target: 'small' })
    stream.write(bytesOf('ping'))
    link.fill()
    link.deliver('there', 6000)
    const small = bed.accepted.find((accepted) => accepted.stream.target === 'small')
    assert.equal(small?.end.text(), 'ping')
  })

  test('shares its turns among bulk streams', () => {
    const bed = new TestBed()
    const link = bed.addLink()
    bed.run()
    const bulk = Array.from({ length: 4 }, () => bed.open())
    bed.run()
    for (const { stream } of bulk) stream.write(many(60_000))
    link.fill()
    link.deliver('there', 1 << 20)
    const heard = bed.accepted.map(({ end }) => end.heardBytes)
    assert.ok(Math.max(...heard) - Math.min(...heard) <= 16_384, String(heard))
  })

  test('to another listener is refused', () => {
    const bed = new TestBed()
    bed.addLink()
    bed.run()
    const other = new TestBed()
    Object.defineProperty(other.listener, 'id', { value: 'listener-2' })
    const stranger = other.addLink()
    const carrier = bed.sender.addCarrier({ onWork: () => {} }, bed.nowMs)
    stranger.fill()
    assert.throws(() => carrier.receive(stranger.toSender.take(1000), bed.nowMs), { code: 'CARRIER_WRONG_LISTENER' })
    assert.equal(carrier.isOpen, false)
  })

  test('measures its round trip, and a window grows when that is long', () => {
    const bed = new TestBed()
    const link = bed.addLink()
    const flight = (): void => {
      link.fill()
      const [there, back] = [link.toListener.bytes, link.toSender.bytes]
      bed.nowMs += 50
      for (let left = there; left > 0; ) left -= take('there', left)
      for (let left = back; left > 0; ) left -= take('back', left)
    }
    const take = (direction: 'there' | 'back', max: number): number => {
      const pipe = direction === 'there' ? link.toListener : link.toSender
      const before = pipe.bytes
      link.deliver(direction, max)
      return before - pipe.bytes
    }
    for (let i = 0; i < 4; i += 1) flight()
    assert.equal(link.listener.roundTripMs, 100)
    const { stream } = bed.open()
    let moved = 0
    for (let i = 0; i < 40; i += 1) {
      while (stream.write(new Uint8Array(65_536)));
      for (let part = 0; part < 60; part += 1) link.fill()
      flight()
      const accepted = bed.accepted[0]
      if (!accepted) continue
      moved = accepted.end.heardBytes
      accepted.stream.consume(accepted.end.unconsumed)
      accepted.end.unconsumed = 0
      accepted.end.heard.length = 0
    }
    // 40 flights of 50 ms with 64 KiB a round trip would be 1.3 MB.
    assert.ok(moved > 20_000_000, String(moved))
    assert.ok(bed.budget.usedBytes > 0 && bed.budget.usedBytes <= bed.budget.totalBytes)
    stream.reset('cancelled')
    bed.run()
    assert.equal(bed.budget.usedBytes, 0)
  })
})
