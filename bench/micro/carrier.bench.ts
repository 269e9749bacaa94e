import { type Carrier, type CarrierStream, ListenerSession, minSendBufferBytes, SenderSession } from '@postern/carrier'
import { bench, group, run, summary } from 'mitata'

// The state machine of both ends without sockets: what it adds to a byte that is moved and to a stream that is opened.

const accepted: CarrierStream[] = []
let heard = 0
const listener = new ListenerSession({
  id: 'l',
  nowMs: 0,
  onStream: (stream) => {
    accepted.push(stream)
    stream.setHandler({
      onData: (bytes) => {
        heard += bytes.length
        stream.consume(bytes.length)
      },
      onEnd: () => stream.end(),
      onDrain: () => {},
      onClosed: () => {},
    })
    stream.confirmConnected()
  },
})
const sender = new SenderSession({ nowMs: 0, onCarrierNeeded: () => {} })
const there = sender.addCarrier({ onWork: () => {} }, 0)
const back = listener.addCarrier({ onWork: () => {} }, 0)
const buffer = new Uint8Array(minSendBufferBytes)

/** Moves what one end has; the receiver reads it where it was written. */
function move(from: Carrier, to: Carrier): boolean {
  const bytes = from.writeTo(buffer, 0)
  if (bytes > 0) to.receive(buffer.subarray(0, bytes), 0)
  return bytes > 0
}

function settle(): void {
  let isMoving = true
  while (isMoving) {
    isMoving = move(there, back)
    isMoving = move(back, there) || isMoving
  }
}

const ignore = { onData: () => {}, onEnd: () => {}, onDrain: () => {}, onClosed: () => {} }
settle()
const streams = Array.from({ length: 20 }, () => sender.open({ handler: ignore }, 0))
settle()
const large = new Uint8Array(65_536)
const small = new Uint8Array(128)

group('bytes', () => {
  summary(() => {
    bench('64 KiB on one stream', () => {
      streams[0]?.write(large)
      settle()
    })
    bench('128 bytes on each of 20 streams', () => {
      for (const stream of streams) stream?.write(small)
      settle()
    })
  })
})

group('streams', () => {
  bench('open, 128 bytes, end both ways', () => {
    const stream = sender.open({ handler: ignore, target: 'db.corp:5432' }, 0)
    stream?.write(small)
    stream?.end()
    settle()
  })
})

await run()
if (heard === 0 || accepted.length < 20) throw new Error('nothing was moved')
