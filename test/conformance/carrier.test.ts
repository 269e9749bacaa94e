// Carriers through a relay: docs/protocol/carrier.md, "Negotiation" and "Resume and placement".
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import {
  type CarrierConnection,
  CarrierRunner,
  type CarrierStream,
  type CarrierStreamHandler,
  carrierProtocol,
  ListenerSession,
  plainProtocol,
  SenderSession,
  type StreamReset,
} from '@postern/carrier'
import { Listener, Sender } from '@postern/client'
import { startTestRelay, type TestRelay } from '@postern/testkit'

const protocols = [carrierProtocol, plainProtocol]
const waitMs = 30_000

interface Ends extends AsyncDisposable {
  readonly session: SenderSession
  readonly runner: CarrierRunner
  /** Connections of the sender's end, to be cut. */
  readonly connections: CarrierConnection[]
  /** How many carriers were dialled. */
  dials(): number
}

/** A listener that echoes every stream, and a sender's end that dials a carrier whenever one is needed. */
async function openEnds(relay: TestRelay): Promise<Ends> {
  const listenerSession = new ListenerSession({ id: 'l1', nowMs: performance.now(), onStream: echo })
  const listenerRunner = new CarrierRunner({ session: listenerSession })
  const listener = new Listener({
    connectionString: relay.access('echo').listen,
    tls: relay.tls,
    onConnection: async (request) => {
      assert.deepEqual(request.protocols, protocols)
      listenerRunner.add(await request.acceptRaw({ protocol: carrierProtocol }))
    },
  })
  await listener.open({ signal: AbortSignal.timeout(waitMs) })
  const sender = new Sender({ connectionString: relay.access('echo').send, tls: relay.tls })
  const connections: CarrierConnection[] = []
  let isDialling = false
  let dials = 0
  const dial = async (): Promise<void> => {
    if (isDialling) return
    isDialling = true
    dials += 1
    try {
      const connection = await sender.connectRaw({ protocols })
      assert.equal(connection.protocol, carrierProtocol)
      connections.push(connection)
      runner.add(connection)
    } finally {
      isDialling = false
    }
  }
  const session = new SenderSession({ nowMs: performance.now(), onCarrierNeeded: () => void dial() })
  const runner = new CarrierRunner({ session })
  return {
    ...{ session, runner, connections, dials: () => dials },
    [Symbol.asyncDispose]: async () => {
      runner[Symbol.dispose]()
      listenerRunner[Symbol.dispose]()
      await listener[Symbol.asyncDispose]()
    },
  }
}

function echo(stream: CarrierStream): void {
  stream.setHandler({
    onData: (bytes) => {
      stream.write(bytes)
      stream.consume(bytes.length)
    },
    onEnd: () => stream.end(),
    onDrain: () => {},
    onClosed: () => {},
  })
  stream.confirmConnected()
}

/** Sends `bytes`, as fast as they are taken, and gives the hash of what comes back. */
async function sendThrough(
  ends: Ends,
  bytes: Uint8Array,
  onHeard: (bytes: number) => void = () => {},
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const hash = createHash('sha256')
  let heard = 0
  let at = 0
  const pump = (): void => {
    while (at < bytes.length) {
      const end = Math.min(bytes.length, at + 32_768)
      const isTaken = stream?.write(bytes.subarray(at, end))
      at = end
      if (!isTaken) return
    }
    stream?.end()
  }
  const handler: CarrierStreamHandler = {
    onData: (chunk) => {
      hash.update(chunk)
      heard += chunk.length
      stream?.consume(chunk.length)
      onHeard(heard)
    },
    onEnd: () => {},
    onDrain: pump,
    onClosed: (reset: StreamReset | undefined) => {
      if (reset) reject(new Error(`${reset.code}: ${reset.reason}`))
      else resolve(hash.digest('hex'))
    },
  }
  const stream = ends.session.open({ handler, target: 'db.corp:5432' }, performance.now())
  pump()
  const timer = setTimeout(() => reject(new Error(`${heard} of ${bytes.length} bytes came back`)), waitMs)
  return promise.finally(() => clearTimeout(timer))
}

test('many streams share one relayed connection', async () => {
  await using relay = await startTestRelay()
  await using ends = await openEnds(relay)
  const sizes = Array.from({ length: 50 }, (_, index) => index * 2000)
  await Promise.all(
    sizes.map(async (size) => {
      const bytes = randomBytes(size)
      assert.equal(await sendThrough(ends, bytes), createHash('sha256').update(bytes).digest('hex'))
    }),
  )
  assert.equal(ends.dials(), 1)
})

test('a stream whose relayed connection is cut again and again loses no byte', async () => {
  await using relay = await startTestRelay()
  await using ends = await openEnds(relay)
  const bytes = randomBytes(8_000_000)
  let nextCut = 1_000_000
  const heard = await sendThrough(ends, bytes, (count) => {
    if (count < nextCut) return
    nextCut += 1_500_000
    ends.connections.pop()?.abort()
  })
  assert.equal(heard, createHash('sha256').update(bytes).digest('hex'))
  assert.ok(ends.dials() >= 5, `${ends.dials()} carriers`)
})

test('a plain listener gets a plain connection', async () => {
  await using relay = await startTestRelay()
  await using listener = new Listener({
    connectionString: relay.access('echo').listen,
    tls: relay.tls,
    onConnection: async (request) => {
      const stream = await request.accept()
      stream.pipe(stream)
    },
  })
  await listener.open({ signal: AbortSignal.timeout(waitMs) })
  const sender = new Sender({ connectionString: relay.access('echo').send, tls: relay.tls })
  const stream = await sender.connect({ protocols, signal: AbortSignal.timeout(waitMs) })
  assert.notEqual(stream.protocol, carrierProtocol)
  stream.end('as ever')
  assert.equal(Buffer.concat(await stream.toArray()).toString(), 'as ever')
})
