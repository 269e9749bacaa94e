// Carriers through a relay: docs/protocol/carrier.md, "Negotiation" and "Resume and placement".
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { test } from 'node:test'
import {
  type CarrierConnection,
  CarrierPool,
  CarrierRunner,
  type CarrierStream,
  type CarrierStreamHandler,
  carrierProtocol,
  ListenerSession,
  offeredProtocols,
  type StreamReset,
} from '@postern/carrier'
import { Listener, Sender } from '@postern/client'
import { startTestRelay, type TestRelay } from '@postern/testkit'

const waitMs = 30_000

interface Ends extends AsyncDisposable {
  readonly pool: CarrierPool
  /** Connections of the sender's end, to be cut. */
  readonly connections: CarrierConnection[]
  /** How many carriers were dialled. */
  dials(): number
}

/** A listener that echoes every stream, and a pool that dials it. */
async function openEnds(relay: TestRelay): Promise<Ends> {
  const session = new ListenerSession({ id: 'l1', nowMs: performance.now(), onStream: echo })
  const runner = new CarrierRunner({ session })
  const listener = new Listener({
    connectionString: relay.access('echo').listen,
    tls: relay.tls,
    onConnection: async (request) => {
      assert.deepEqual(request.protocols, offeredProtocols)
      runner.add(await request.acceptRaw({ protocol: carrierProtocol }))
    },
  })
  await listener.open({ signal: AbortSignal.timeout(waitMs) })
  const sender = new Sender({ connectionString: relay.access('echo').send, tls: relay.tls })
  const connections: CarrierConnection[] = []
  let dials = 0
  const pool = new CarrierPool({
    dial: async ({ signal }) => {
      dials += 1
      const connection = await sender.connectRaw({ protocols: offeredProtocols, signal })
      assert.equal(connection.protocol, carrierProtocol)
      connections.push(connection)
      return connection
    },
  })
  return {
    ...{ pool, connections, dials: () => dials },
    [Symbol.asyncDispose]: async () => {
      pool[Symbol.dispose]()
      runner[Symbol.dispose]()
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
  const stream = ends.pool.open({ handler, target: 'db.corp:5432' })
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

for (const answer of ['nothing', 'the first that is offered'] as const) {
  test(`a plain listener that answers ${answer} gets a plain connection`, async () => {
    await using relay = await startTestRelay()
    await using listener = new Listener({
      connectionString: relay.access('echo').listen,
      tls: relay.tls,
      onConnection: async (request) => {
        const [first] = request.protocols
        const stream = await request.accept(answer === 'nothing' || first === undefined ? {} : { protocol: first })
        stream.pipe(stream)
      },
    })
    await listener.open({ signal: AbortSignal.timeout(waitMs) })
    const sender = new Sender({ connectionString: relay.access('echo').send, tls: relay.tls })
    const stream = await sender.connect({ protocols: offeredProtocols, signal: AbortSignal.timeout(waitMs) })
    assert.notEqual(stream.protocol, carrierProtocol)
    stream.end('as ever')
    assert.equal(Buffer.concat(await stream.toArray()).toString(), 'as ever')
  })
}

test('a stream that moves much gets a carrier of its own', async () => {
  await using relay = await startTestRelay()
  await using ends = await openEnds(relay)
  const quiet = ends.pool.open({ handler: { onData() {}, onEnd() {}, onDrain() {}, onClosed() {} } })
  const { promise: moved, resolve } = Promise.withResolvers<void>()
  const bytes = randomBytes(32_768)
  const bulk: CarrierStream | undefined = ends.pool.open({
    handler: {
      // Sends on for as long as both are on one carrier.
      onData: (chunk) => {
        bulk?.consume(chunk.length)
        if (bulk?.carrier && quiet?.carrier && bulk.carrier !== quiet.carrier) resolve()
        else bulk?.write(bytes.subarray(0, chunk.length))
      },
      onEnd() {},
      onDrain() {},
      onClosed() {},
    },
  })
  for (let i = 0; i < 8; i += 1) bulk?.write(bytes)
  await Promise.race([moved, once(AbortSignal.timeout(waitMs), 'abort').then(() => assert.fail('it stays'))])
  assert.equal(ends.pool.carrierCount, 2)
})
