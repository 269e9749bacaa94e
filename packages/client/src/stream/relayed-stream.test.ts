import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { StubRelay } from '@postern/testkit'
import { Listener } from '../listener/listener.ts'
import { Sender } from '../sender/sender.ts'
import type { RelayedStream } from './relayed-stream.ts'

const signal = () => AbortSignal.timeout(10_000)

interface Pair extends AsyncDisposable {
  readonly relay: StubRelay
  readonly near: RelayedStream
  readonly far: RelayedStream
}

async function openPair(): Promise<Pair> {
  const relay = await StubRelay.start()
  const accepted = Promise.withResolvers<RelayedStream>()
  const listener = new Listener({
    ...relay.location,
    path: 'pair',
    onConnection: async (request) => accepted.resolve(await request.accept()),
  })
  await listener.open({ signal: signal() })
  const sender = new Sender({ ...relay.location, path: 'pair' })
  const near = await sender.connect({ signal: signal() })
  const far = await accepted.promise
  const dispose = async (): Promise<void> => {
    for (const stream of [near, far]) stream.on('error', () => {}).destroy()
    await listener.close()
    await relay[Symbol.asyncDispose]()
  }
  return { relay, near, far, [Symbol.asyncDispose]: dispose }
}

const closed = (stream: Duplex) => (stream.closed ? Promise.resolve() : once(stream, 'close', { signal: signal() }))

test('a large transfer arrives whole in both directions at once', async () => {
  await using pair = await openPair()
  const { near, far } = pair
  const up = Buffer.alloc(3_000_000, 'up')
  const down = Buffer.alloc(2_000_000, 'down')
  near.end(up)
  far.end(down)
  const [received, sent] = await Promise.all([buffer(near), buffer(far)])
  assert.ok(received.equals(down))
  assert.ok(sent.equals(up))
  await Promise.all([closed(near), closed(far)])
})

test('a destroyed stream gives the peer an error and not an end', async () => {
  await using pair = await openPair()
  const { near, far } = pair
  near.write('half a fi')
  await once(far, 'readable', { signal: signal() })
  const failed = once(far.resume(), 'error', { signal: signal() })
  far.on('end', () => assert.fail('a cut stream must not end'))
  near.destroy()
  const [error] = await failed
  assert.equal(error.code, 'ConnectionFailed')
  assert.equal(error.trackingId, far.trackingId)
})

test('a relay that dies gives both ends an error', async () => {
  await using pair = await openPair()
  const { relay, near, far } = pair
  const failures = [near, far].map((stream) => once(stream.resume(), 'error', { signal: signal() }))
  await relay.kill()
  for (const [error] of await Promise.all(failures)) assert.equal(error.code, 'ConnectionFailed')
})

test('a stream that ended both ways closes without an error', async () => {
  await using pair = await openPair()
  const { near, far } = pair
  near.resume().end('a')
  far.resume().end('b')
  await Promise.all([closed(near), closed(far)])
  assert.equal(near.errored ?? far.errored, null)
})

test('a reader that does not read holds the writer back within a bound', async () => {
  await using pair = await openPair()
  const { near, far } = pair
  const chunk = Buffer.alloc(65_536)
  let written = 0
  const writeUntilFull = (): void => {
    do written += chunk.length
    while (near.write(chunk))
  }
  writeUntilFull()
  near.on('drain', writeUntilFull)
  // What the kernel's buffers take on four sockets of loopback is taken at once; afterwards nothing moves.
  let before = -1
  while (before !== written) {
    before = written
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  assert.ok(near.writableNeedDrain)
  assert.ok(near.writableLength <= 4 * 65_536, `${near.writableLength} bytes wait in the writer`)
  assert.ok(far.readableLength <= 4 * 65_536, `${far.readableLength} bytes wait in the reader`)
  assert.ok(written < 64_000_000, `${written} bytes were taken in`)
  // A reader that wakes up gets everything.
  near.off('drain', writeUntilFull)
  near.end()
  let received = 0
  for await (const bytes of far) received += bytes.length
  assert.equal(received, written)
})

test('an empty write sends nothing, since .NET would read it as the end', async () => {
  await using pair = await openPair()
  const { near, far } = pair
  near.write(Buffer.alloc(0))
  near.write('x')
  const [chunk] = await once(far, 'data', { signal: signal() })
  assert.equal(String(chunk), 'x')
})
