// A process that is suspended (SIGSTOP) is a machine that has vanished: its sockets stay open, and nobody answers.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { ChaosYard, doors } from './chaos-yard.ts'
import { HeldConnection } from './held-connection.ts'
import { expectHoldings, restingHoldings, type YardHoldings } from './leftovers.ts'
import { probeTunnel, untilTunnelWorks } from './tunnel-probe.ts'
import { WithheldTime } from './withheld-time.ts'

const pingMs = 500

/** Two unanswered pings, the one that was on its way, and one more for the journey of the news. */
const maxSilenceMs = 4 * pingMs

/** Longer than that: whoever is suspended wakes up in a world that has given it up. */
const suspensionMs = 5_000

const maxRecoveryMs = 5_000

/** Bounds are checked in the end, together with what the machine withheld; nothing is waited for longer than this. */
const patienceMs = 20_000

/** A yard with short pings, and what it takes to black out one program of it. */
class BlackHole implements AsyncDisposable {
  readonly yard: ChaosYard
  readonly #before: YardHoldings
  readonly #withheld = new WithheldTime()

  private constructor(yard: ChaosYard, before: YardHoldings) {
    this.yard = yard
    this.#before = before
  }

  static async open(): Promise<BlackHole> {
    const relayFlags = ['--ping-interval', `${pingMs}ms`]
    const yard = await ChaosYard.start({ relayFlags, forwarderPingMs: pingMs })
    return new BlackHole(yard, await restingHoldings(yard))
  }

  /** Fails when something took longer than its bound and the time that the machine withheld. */
  async within<T>(boundMs: number, what: string, event: Promise<T>): Promise<T> {
    const startedAt = performance.now()
    const withheldBefore = this.#withheld.totalMs
    const result = await Promise.race([event, wait(patienceMs, undefined, { ref: false }).then(() => never(what))])
    const tookMs = performance.now() - startedAt
    console.log(`${what}: ${tookMs.toFixed(0)} ms`)
    const withheldMs = this.#withheld.totalMs - withheldBefore
    assert.ok(tookMs < boundMs + withheldMs, `${what}: ${tookMs} ms, and the machine withheld ${withheldMs} ms`)
    return result
  }

  /** Fresh connections work by both listeners again, and nothing of the old ones is left. */
  async expectRecovery(): Promise<void> {
    const { yard } = this
    const works = untilTunnelWorks({ port: yard.port, doors, sinceMs: Date.now(), timeoutMs: patienceMs })
    await this.within(maxRecoveryMs, 'fresh connections by both listeners', works)
    assert.deepEqual(yard.unexpectedEnds, [])
    await expectHoldings(yard, this.#before)
  }

  async untilMetric(name: string, value: number): Promise<void> {
    while ((await this.yard.metrics()).get(name) !== value) await wait(20)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#withheld[Symbol.dispose]()
    await this.yard[Symbol.asyncDispose]()
  }
}

function never(what: string): never {
  throw new Error(`${what}: not within ${patienceMs} ms`)
}

test('a relay that falls silent is given up by both ends, and found again when it is back', async () => {
  await using hole = await BlackHole.open()
  const { yard } = hole
  using idle = await HeldConnection.open(yard.port, 'A')
  using busy = await HeldConnection.open(yard.port, 'B')
  busy.makeBusy()
  await busy.untilReceives(1_000_000, patienceMs)
  const isOffline = (line: string): boolean => line.includes('forwarder.offline') && line.includes('gone silent')
  const offline = yard.listeners.map((listener) => listener.untilLine(isOffline, patienceMs))

  yard.relay.suspend()
  const suspendedUntil = wait(suspensionMs)
  const found = [
    hole.within(maxSilenceMs, 'an idle connection is cut', idle.over),
    hole.within(maxSilenceMs, 'a busy connection is cut', busy.over),
    hole.within(maxSilenceMs, 'the listeners notice', Promise.all(offline)),
  ] as const
  const [idleOutcome, busyOutcome] = await Promise.all(found)
  assert.deepEqual([idleOutcome, busyOutcome], ['cut', 'cut'])
  assert.ok(busy.isPrefix)
  await suspendedUntil
  yard.relay.resume()
  await hole.expectRecovery()
})

test('a listener that falls silent is given up by the relay; its senders are told, new ones go elsewhere', async () => {
  await using hole = await BlackHole.open()
  const { yard } = hole
  using idle = await HeldConnection.open(yard.port, 'A')
  using busy = await HeldConnection.open(yard.port, 'A')
  busy.makeBusy()
  await busy.untilReceives(1_000_000, patienceMs)

  yard.listeners[0].suspend()
  const suspendedUntil = wait(suspensionMs)
  // Some of them are offered to the silent listener: they must not wait for the 30 s that an offer may live.
  const early = Array.from({ length: 8 }, () => probeTunnel(yard.port).catch(() => 'failed'))
  const outcomes = await Promise.all([
    hole.within(maxSilenceMs, 'an idle connection is cut', idle.over),
    hole.within(maxSilenceMs, 'the relay notices', hole.untilMetric('postern_active_listeners', 1)),
    // The relay delays a refusal by a second.
    hole.within(maxSilenceMs + 1_000, 'early senders have an answer', Promise.all(early)),
  ])
  assert.equal(outcomes[0], 'cut')
  assert.ok(outcomes[2].every((outcome) => outcome !== 'A'))
  const late = Array.from({ length: 8 }, () => probeTunnel(yard.port))
  assert.deepEqual(new Set(await Promise.all(late)), new Set(['B']))
  await suspendedUntil
  yard.listeners[0].resume()
  // A peer that takes no bytes cannot be told from a slow reader: the busy connection may have been kept.
  await Promise.race([busy.over, busy.untilReceives(4_000_000, patienceMs)])
  assert.ok(busy.isPrefix)
  busy[Symbol.dispose]()
  await hole.expectRecovery()
})

test('a sender that falls silent is given up by the relay, and its clients are told when it is back', async () => {
  await using hole = await BlackHole.open()
  const { yard } = hole
  using idle = await HeldConnection.open(yard.port, 'A')
  await hole.untilMetric('postern_active_connections', 1)

  yard.sender.suspend()
  const suspendedUntil = wait(suspensionMs)
  await hole.within(maxSilenceMs, 'the relay notices', hole.untilMetric('postern_active_connections', 0))
  await suspendedUntil
  yard.sender.resume()
  assert.equal(await hole.within(maxRecoveryMs, 'its client is told', idle.over), 'cut')
  await hole.expectRecovery()
})
