import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, type TestContext, test } from 'node:test'
import { defaultCarrierLimits } from './carrier-limits.ts'
import { TestEnd } from './carrier-link.contract.ts'
import { CarrierPool } from './carrier-pool.ts'
import { type CarrierConnection, type CarrierConnectionHandler, CarrierRunner } from './carrier-runner.ts'
import { ListenerSession } from './listener-session.ts'

/** One end of a pair; what is sent arrives in the next turn of the loop, or after a while. */
class MemoryConnection implements CarrierConnection {
  delayMs = 0
  peer: MemoryConnection | undefined
  failed: number | undefined
  isAborted = false
  isSilent = false
  readonly waiting: Uint8Array[] = []
  readonly #late: Uint8Array[] = []
  readonly #arrived: Uint8Array[] = []
  handler: CarrierConnectionHandler | undefined

  static pair(): readonly [MemoryConnection, MemoryConnection] {
    const [one, two] = [new MemoryConnection(), new MemoryConnection()]
    one.peer = two
    two.peer = one
    return [one, two]
  }

  /** What is sent from now on waits, in both directions. */
  silence(): void {
    this.isSilent = true
  }

  /** What has waited arrives. */
  hear(): void {
    this.isSilent = false
    for (const side of [this, this.peer]) {
      for (const bytes of side?.waiting.splice(0) ?? []) side?.send(bytes)
    }
  }

  open(handler: CarrierConnectionHandler): void {
    this.handler = handler
    if (this.peer) this.peer.#handOver()
  }

  send(bytes: Uint8Array): boolean {
    const copy = bytes.slice()
    if (this.isSilent || this.peer?.isSilent) this.waiting.push(copy)
    else if (this.delayMs > 0) this.#sendLate(copy)
    else setImmediate(() => this.peer?.handler?.onData(copy))
    return true
  }

  /** Timers of one moment come in any order. */
  #sendLate(bytes: Uint8Array): void {
    this.#late.push(bytes)
    setTimeout(() => {
      this.#arrived.push(this.#late.shift()!)
      this.#handOver()
    }, this.delayMs)
  }

  /** What comes before anybody reads waits for him. */
  #handOver(): void {
    const { handler } = this.peer ?? {}
    if (handler) for (const bytes of this.#arrived.splice(0)) handler.onData(bytes)
  }

  lend(): Uint8Array {
    return new Uint8Array(65_536)
  }

  sendLent(lent: Uint8Array, length: number): boolean {
    return length === 0 || this.send(lent.subarray(0, length))
  }

  end(): void {
    setImmediate(() => this.peer?.handler?.onEof())
  }

  fail(code: number): void {
    this.failed = code
    this.abort()
  }

  abort(): void {
    this.isAborted = true
    for (const side of [this, this.peer]) side?.handler?.onClosed(undefined)
  }
}

/** Everything that was sent has arrived, and what that caused too. */
async function settled(): Promise<void> {
  for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setImmediate(resolve))
}

interface BedOptions {
  readonly maxCarriers?: number
  /** Streams that the listener's end takes on one carrier. Default 2. */
  readonly maxCarrierStreams?: number
  /** What is sent takes so long, each way. Default: no time. */
  readonly delayMs?: number
  readonly dialFails?: () => boolean
  readonly isListenerAway?: () => boolean
  readonly dialHangs?: () => boolean
  /** The listener's end takes a carrier only to send it away. */
  readonly sendsAway?: boolean
  readonly keepWarmMs?: number
  readonly onCold?: () => void
}

function openBed(t: TestContext, options: BedOptions = {}) {
  t.mock.timers.enable({ apis: ['setInterval', 'setTimeout'] })
  let nowMs = 0
  const now = (): number => nowMs
  const connections: MemoryConnection[] = []
  const asked: (string | undefined)[] = []
  const failures: unknown[] = []
  const listener = new ListenerSession({
    id: 'l1',
    nowMs,
    onStream: (stream) => {
      stream.setHandler(new TestEnd())
      stream.confirmConnected()
    },
    limits: { maxCarrierStreams: options.maxCarrierStreams ?? 2 },
  })
  const runner = new CarrierRunner({ session: listener, now })
  const pool = new CarrierPool({
    now,
    ...(options.maxCarriers !== undefined && { maxCarriers: options.maxCarriers }),
    ...(options.isListenerAway && { isListenerAway: options.isListenerAway }),
    ...(options.onCold && { onCold: options.onCold }),
    ...(options.keepWarmMs !== undefined && { keepWarmMs: options.keepWarmMs }),
    onDialFailed: (error) => failures.push(error),
    dial: async ({ listenerId, signal }) => {
      asked.push(listenerId)
      if (options.dialFails?.()) throw new Error('nobody there')
      if (options.dialHangs?.()) await once(signal, 'abort')
      signal.throwIfAborted()
      const [ours, theirs] = MemoryConnection.pair()
      for (const side of [ours, theirs]) side.delayMs = options.delayMs ?? 0
      connections.push(ours)
      const carrier = runner.add(theirs)
      if (options.sendsAway) carrier.goAway('draining', 'not here')
      return ours
    },
  })
  t.after(() => {
    pool[Symbol.dispose]()
    runner[Symbol.dispose]()
  })
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 100) {
      nowMs += Math.min(left, 100)
      t.mock.timers.tick(Math.min(left, 100))
      await settled()
    }
  }
  const openStream = (): TestEnd => {
    const end = new TestEnd()
    pool.open({ handler: end })
    return end
  }
  return { pool, listener, runner, connections, asked, failures, pass, openStream }
}

test('a pool dials when the first stream needs it, and again when the carriers are full', async (t) => {
  const { pool, connections, openStream, asked } = openBed(t)
  assert.equal(connections.length, 0)
  const ends = [openStream(), openStream()]
  await settled()
  assert.equal(connections.length, 1)
  ends.push(openStream())
  await settled()
  assert.deepEqual(asked, [undefined, 'l1'])
  assert.deepEqual([pool.carrierCount, ends.every(({ isConnected }) => isConnected)], [2, true])
})

test('a pool has no more carriers than it may; more streams wait', async (t) => {
  const { pool, openStream, pass } = openBed(t, { maxCarriers: 1 })
  const ends = [openStream(), openStream(), openStream()]
  await pass(3000)
  assert.equal(pool.carrierCount, 1)
  assert.deepEqual(
    ends.map(({ isConnected }) => isConnected),
    [true, true, false],
  )
  await pass(60_000)
  assert.equal(ends[2]?.reset?.code, 'resume-expired')
})

test('10,000 connections that do nothing fit between one client and one listener', async (t) => {
  const { pool, openStream, pass } = openBed(t, { maxCarrierStreams: defaultCarrierLimits.maxCarrierStreams })
  const ends: TestEnd[] = []
  while (ends.length < 10_000) {
    for (let count = 0; count < 500; count += 1) ends.push(openStream())
    await pass(100)
  }
  await pass(1_000)
  assert.equal(ends.filter(({ isConnected }) => isConnected).length, 10_000)
  assert.ok(pool.carrierCount <= 12)
})

test('a pool that cannot dial tries again, not too often, and says so', async (t) => {
  let isDown = true
  const { pool, openStream, pass, asked, failures } = openBed(t, { dialFails: () => isDown })
  const end = openStream()
  await pass(20_000)
  assert.equal(pool.isReachable, false)
  assert.ok(asked.length >= 5 && asked.length <= 12, `${asked.length} tries`)
  assert.equal(failures.length, asked.length)
  isDown = false
  await pass(5000)
  assert.deepEqual([end.isConnected, pool.isReachable], [true, true])
})

test('once the relay is there, a pool asks every second for a listener that is away', async (t) => {
  let isRelayDown = true
  let isListenerDown = true
  const dialFails = (): boolean => isRelayDown || isListenerDown
  const { openStream, pass, asked } = openBed(t, { dialFails, isListenerAway: () => !isRelayDown })
  const end = openStream()
  await pass(20_000)
  isRelayDown = false
  // The attempt that finds the relay.
  await pass(4_100)
  const before = asked.length
  await pass(4_000)
  assert.ok(asked.length - before >= 4 && asked.length - before <= 9, `${asked.length - before} tries in 4 s`)
  isListenerDown = false
  await pass(1_100)
  assert.equal(end.isConnected, true)
})

describe('a carrier on which nobody answers any more', () => {
  test('holds up no new stream: within 4 s it is opened on another one', async (t) => {
    const { pool, connections, openStream, pass } = openBed(t)
    openStream()
    await settled()
    for (const stream of pool.streams()) stream.reset('cancelled')
    await pass(20_000)
    connections[0]?.silence()
    const end = openStream()
    await pass(4_000)
    assert.deepEqual([end.isConnected, connections.length], [true, 2])
  })

  test('holds up no bytes: the stream goes on where another one can be dialled', async (t) => {
    const { pool, connections, openStream, pass } = openBed(t)
    const end = openStream()
    await pass(20_000)
    connections[0]?.silence()
    for (const stream of pool.streams()) stream.write(Buffer.from('anybody?'))
    await pass(5_000)
    assert.equal(connections.length, 2)
    const [stream] = pool.streams()
    assert.deepEqual([stream?.bufferedBytes, end.isClosed], [0, false])
  })

  test('is felt by a stream that has nothing to say within 8 s', async (t) => {
    const { connections, openStream, pass } = openBed(t)
    openStream()
    await pass(20_000)
    connections[0]?.silence()
    await pass(8_000)
    assert.equal(connections.length, 2)
  })

  test('is used again when it was only slow', async (t) => {
    const { pool, connections, openStream, pass } = openBed(t, { dialHangs: () => connections.length > 0 })
    const end = openStream()
    await pass(20_000)
    connections[0]?.silence()
    for (const stream of pool.streams()) stream.write(Buffer.from('anybody?'))
    await pass(5_000)
    assert.equal(pool.isReachable, false)
    connections[0]?.hear()
    await pass(2_000)
    const [stream] = pool.streams()
    assert.deepEqual([pool.isReachable, pool.carrierCount, stream?.bufferedBytes], [true, 1, 0])
    assert.equal(end.isClosed, false)
  })

  test('is lost after 8 s, however often something is wanted of it', async (t) => {
    let isDown = false
    const { pool, connections, openStream, pass } = openBed(t, { dialFails: () => isDown })
    openStream()
    await pass(20_000)
    connections[0]?.silence()
    isDown = true
    for (let second = 0; second < 14; second += 1) {
      openStream()
      await pass(1_000)
    }
    assert.equal(pool.carrierCount, 0)
  })
})

test('a dial that hangs is not waited for: another one is made beside it', async (t) => {
  let isHanging = true
  const { pool, asked, openStream, pass } = openBed(t, { dialHangs: () => isHanging })
  const end = openStream()
  await pass(2_000)
  isHanging = false
  assert.deepEqual([asked.length, end.isConnected], [1, false])
  await pass(2_000)
  assert.deepEqual([asked.length, end.isConnected, pool.carrierCount], [2, true, 1])
})

test('dials that hang are few', async (t) => {
  const { asked, openStream, pass } = openBed(t, { dialHangs: () => true })
  openStream()
  await pass(40_000)
  assert.equal(asked.length, 4)
})

test('a carrier that is idle for long is closed, the last one stays', async (t) => {
  const { pool, openStream, pass, runner } = openBed(t)
  const streams = [openStream(), openStream(), openStream()]
  await settled()
  assert.equal(pool.carrierCount, 2)
  await pass(90_000)
  assert.equal(pool.carrierCount, 2)
  assert.ok(streams.every(({ isClosed }) => !isClosed))
  for (const stream of [...pool.streams()]) stream.reset('cancelled')
  await pass(70_000)
  assert.deepEqual([pool.carrierCount, runner.carriers.length], [1, 1])
})

test('streams that move much get carriers of their own, dialed at once and not one after the other', async (t) => {
  const { pool, openStream, pass, asked } = openBed(t, { maxCarrierStreams: 16 })
  for (let i = 0; i < 5; i += 1) openStream()
  await settled()
  assert.equal(pool.carrierCount, 1)
  for (let round = 0; round < 200; round += 1) {
    for (const stream of pool.streams()) while (stream.write(new Uint8Array(65_536)));
    await settled()
  }
  assert.ok([...pool.streams()].every(({ bytesWritten }) => bytesWritten > 5_000_000))
  await pass(1000)
  assert.deepEqual([pool.carrierCount, asked.length], [5, 5])
  const carriers = [...pool.streams()].map(({ carrier }) => carrier)
  assert.equal(new Set(carriers).size, 5)
})

test('on a long path each stream that moves anything has a carrier of its own, soon after it was opened', async (t) => {
  const { pool, openStream, pass } = openBed(t, { maxCarrierStreams: 16, delayMs: 100 })
  openStream()
  await pass(4000)
  assert.equal(pool.carrierCount, 1)
  for (let i = 0; i < 4; i += 1) openStream()
  const write = (): void => {
    for (const stream of pool.streams()) while (stream.write(new Uint8Array(65_536)));
  }
  for (let passed = 0; passed < 2000; passed += 100) {
    write()
    await pass(100)
  }
  assert.equal(pool.carrierCount, 5)
  assert.equal(new Set([...pool.streams()].map(({ carrier }) => carrier)).size, 5)
})

test('on a long path a new stream has the carrier with the fewest, and one that moves nothing is not moved', async (t) => {
  const { pool, openStream, pass } = openBed(t, { maxCarrierStreams: 16, delayMs: 100 })
  openStream()
  await pass(4000)
  openStream()
  await pass(4000)
  const [first, second] = [...pool.streams()]
  assert.equal(pool.carrierCount, 2)
  assert.equal(second?.carrier, first?.carrier)
  openStream()
  const third = [...pool.streams()][2]
  assert.notEqual(third?.carrier, first?.carrier)
})

test('a listener that sends every carrier away is asked again, not too often', async (t) => {
  const { openStream, pass, asked } = openBed(t, { sendsAway: true })
  openStream()
  await pass(30_000)
  assert.ok(asked.length >= 5 && asked.length <= 18, `${asked.length} tries`)
})

test('a carrier that is lost is dialed again before anybody needs it', async (t) => {
  const { pool, connections, openStream, pass, asked } = openBed(t)
  openStream()
  await settled()
  for (const stream of [...pool.streams()]) stream.reset('cancelled')
  await settled()
  connections[0]?.abort()
  assert.equal(pool.carrierCount, 0)
  await pass(5000)
  assert.deepEqual([pool.carrierCount, pool.streamCount, asked], [1, 0, [undefined, 'l1']])
})

test('places are made ready before they are needed, and kept as long as the others are taken', async (t) => {
  const { pool, openStream, pass } = openBed(t)
  const ends = [openStream(), openStream()]
  await pass(120_000)
  assert.deepEqual([pool.carrierCount, pool.streamCount], [2, 2])
  ends.push(openStream())
  await settled()
  assert.ok(ends.every(({ isConnected }) => isConnected))
})

test('nothing is kept or dialed for those who have not come for long', async (t) => {
  let colds = 0
  const { pool, openStream, pass, asked, connections } = openBed(t, { keepWarmMs: 70_000, onCold: () => (colds += 1) })
  openStream()
  await settled()
  for (const stream of [...pool.streams()]) stream.reset('cancelled')
  await pass(69_000)
  assert.deepEqual([pool.carrierCount, colds], [1, 0])
  await pass(2000)
  assert.deepEqual([pool.carrierCount, colds > 0], [0, true])
  await pass(60_000)
  assert.deepEqual([asked.length, connections.length], [1, 1])
})

test('a peer that breaks the protocol is told with 1002, and cut', async (t) => {
  const { connections, openStream, runner } = openBed(t)
  openStream()
  await settled()
  connections[0]?.peer?.send(Uint8Array.of(0x7f, 0, 0, 0, 0, 0, 0, 1))
  await settled()
  assert.equal(connections[0]?.failed, 1002)
  assert.equal(runner.carriers.length <= 1, true)
})

test('a connection whose peer never ends it is cut after 5 seconds', (t) => {
  t.mock.timers.enable({ apis: ['setInterval', 'setTimeout'] })
  const runner = new CarrierRunner({ session: new ListenerSession({ id: 'l', nowMs: 0, onStream: () => {} }) })
  const [ours] = MemoryConnection.pair()
  runner.add(ours)
  runner[Symbol.dispose]()
  t.mock.timers.tick(4999)
  assert.equal(ours.isAborted, false)
  t.mock.timers.tick(1)
  assert.equal(ours.isAborted, true)
})
