// What a hostile peer can send on a carrier: any bytes in any chunking mean the same, nothing but CarrierError is thrown,
// streams stay below their limit, and the one that it has no business with hears nothing.
import assert from 'node:assert/strict'
import { it } from 'node:test'
import {
  CarrierError,
  type CarrierStreamHandler,
  ListenerSession,
  minSendBufferBytes,
  SenderSession,
} from '@postern/carrier'
import fc from 'fast-check'
import { CarrierFrameDecoder } from '../packages/carrier/src/codec/frame-decoder.ts'
import { fuzzRun } from './fuzz-run.ts'

const hello = Buffer.from('01000017000000000101000300000400000100000000ea6000000000000000', 'hex')
const types = [1, 2, 3, 4, 16, 16, 17, 18, 19, 19, 19, 20, 20, 21, 22, 23, 24, 25, 127, 128, 200]
const lengths: Readonly<Record<number, number>> = {
  ...{ 1: 23, 2: 8, 3: 8, 4: 5, 16: 40, 17: 32, 18: 17, 19: 12, 20: 12, 21: 6, 22: 5, 23: 4, 24: 0 },
}

/** Mostly zeros, so that offsets, attempts, secrets and lengths are often ones that mean something. */
const content = fc.array(fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(255) }), {
  minLength: 40,
  maxLength: 40,
})

/** Random bytes alone would hardly ever get past a header: most inputs are frames, some of them broken. */
const frame = fc
  .tuple(fc.constantFrom(...types), fc.nat(6), content, fc.oneof({ weight: 20, arbitrary: fc.constant(0) }, fc.nat(9)))
  .map(([type, stream, bytes, extra]) => {
    const length = Math.min(40, (lengths[type] ?? 3) + extra)
    const head = Buffer.from([type, 0, 0, length, 0, 0, 0, type < 16 ? 0 : stream])
    return Buffer.concat([head, Buffer.from(bytes.slice(0, length))])
  })
const input = fc
  .array(fc.oneof({ weight: 30, arbitrary: frame }, { weight: 1, arbitrary: fc.uint8Array({ maxLength: 30 }) }), {
    maxLength: 30,
  })
  .map((parts) => Buffer.concat(parts))
const cuts = fc.array(fc.nat(), { maxLength: 30 })

it('any bytes mean the same in any chunking', () => {
  fc.assert(
    fc.property(input, cuts, (bytes, places) => {
      assert.deepEqual(decode(cut(bytes, places)), decode([bytes]))
    }),
    fuzzRun(),
  )
})

it('a peer that says anything is answered or left, within the limits', () => {
  const buffer = new Uint8Array(minSendBufferBytes)
  fc.assert(
    fc.property(input, cuts, fc.boolean(), (bytes, places, isTalkative) => {
      const listener = new ListenerSession({
        ...{ id: 'l', nowMs: 0, limits: { maxStreams: 3, maxFinishedStreams: 2 } },
        onStream: (stream) => {
          stream.setHandler(quiet())
          if (isTalkative && stream.kind === 'tcp') stream.write(new Uint8Array(2000))
          if (isTalkative && stream.kind === 'udp') stream.sendDatagram(new Uint8Array(2000))
          stream.confirmConnected()
        },
      })
      const sender = new SenderSession({ nowMs: 0, onCarrierNeeded: () => {} })
      const streams = [0, 1, 2].map(() => sender.open({ handler: quiet() }, 0))
      for (const session of [listener, sender]) {
        const carrier = session.addCarrier({ onWork: () => {} }, 0)
        try {
          for (const chunk of [hello, ...cut(bytes, places)]) {
            carrier.receive(chunk, 0)
            streams[0]?.write(new Uint8Array(100))
            carrier.writeTo(buffer, 0)
            assert.ok(session.streamCount <= 3)
          }
          session.tick(1000)
        } catch (error) {
          assert.ok(error instanceof CarrierError, String(error))
        }
        session.loseCarrier(carrier, 1000)
        session.tick(1_000_000)
        assert.equal(session.streamCount, 0)
      }
    }),
    fuzzRun(),
  )
})

/** Fails when something is said after the end, or out of order. */
function quiet(): CarrierStreamHandler {
  let isEnded = false
  let isClosed = false
  const check = (): void => assert.ok(!isClosed)
  return {
    onConnected: check,
    onDrain: check,
    onData: () => assert.ok(!isClosed && !isEnded),
    onEnd: () => {
      assert.ok(!isClosed && !isEnded)
      isEnded = true
    },
    onClosed: (reset) => {
      assert.ok(!isClosed && (isEnded || reset !== undefined))
      isClosed = true
    },
  }
}

function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].toSorted((a, b) => a - b)
  return [...at, bytes.length].map((end, index) => bytes.subarray(at[index - 1] ?? 0, end))
}

/** What was said: frames whole, the bytes of DATA joined. */
function decode(chunks: readonly Uint8Array[]): unknown {
  const said: string[] = []
  let next = -1
  const decoder = new CarrierFrameDecoder({
    onFrame: ({ type, stream }, payload) => {
      said.push(`${type} ${stream} ${Buffer.from(payload).toString('hex')}`)
      next = -1
    },
    onData: (stream, offset, bytes) => {
      const hex = Buffer.from(bytes).toString('hex')
      if (offset === next) said.push(`${said.pop()}${hex}`)
      else said.push(`data ${stream} ${offset} ${hex}`)
      next = offset + bytes.length
    },
  })
  try {
    for (const chunk of chunks) decoder.push(chunk)
  } catch (error) {
    assert.ok(error instanceof CarrierError)
    said.push(error.code)
  }
  return said
}
