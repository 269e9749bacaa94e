// The way to the private site takes 100 ms there and back, and loses packets. Delay is made by a program between two TUN devices
// (slow-link.py): nftables cannot delay, and netem is missing in many kernels.
import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { HeldConnection } from '../../chaos/held-connection.ts'
import { probeTunnel } from '../../chaos/tunnel-probe.ts'
import { WithheldTime } from '../../chaos/withheld-time.ts'
import { type BedHoldings, expectNoLeak, restOf } from './bed-holdings.ts'
import { FaultBed, type Way } from './fault-bed.ts'
import { whyNoNetworkYard } from './network-yard.ts'

const roundTripMs = 100

/** What a stream may send before it is granted more: carrier.md, "Windows and order". */
const firstWindowBytes = 65_536

/** With the first window alone it would be one in each round trip. */
const windowsPerRoundTrip = 2

const measureMs = 3_000
/** A window doubles in two round trips. */
const growBytes = 2_097_152

/** Where packets are lost, Linux's own congestion control (cubic) moves no more than this in the time that there is. */
const lossyGrowBytes = 262_144

/** A round trip or two more than the path takes, a packet that is lost twice, and a machine that is busy. */
const patienceMs = 5_000

describe('when the way to the private site takes 100 ms', { skip: whyNoNetworkYard() }, () => {
  let bed: FaultBed
  let atRest: BedHoldings

  before(async () => {
    bed = await FaultBed.open({ site: { delayMs: roundTripMs / 2 } })
  })
  after(() => bed?.[Symbol.asyncDispose]())

  it('a stream of a carrier fills it: its window grows', async (context) => {
    using held = await hold(bed, 'bridge')
    held.makeBusy()
    await held.untilReceives(growBytes, 60_000)
    using withheld = new WithheldTime()
    const before = held.received
    const startedAtMs = performance.now()
    await wait(measureMs)
    const tookMs = performance.now() - startedAtMs
    const bytes = held.received - before
    const windows = (bytes / firstWindowBytes) * (roundTripMs / tookMs)
    context.diagnostic(
      `${(bytes / tookMs / 1000).toFixed(1)} MB/s each way, ${windows.toFixed(1)} first windows a round trip`,
    )
    context.diagnostic(`withheld by the machine: ${withheld.totalMs.toFixed(0)} ms of ${measureMs}`)
    assert.ok(windows * share(withheld, tookMs) > windowsPerRoundTrip, `${bytes} bytes in ${tookMs} ms`)
    assert.ok(held.isPrefix)
  })

  it('1 % of the packets are lost: every new connection works, and none that is open is cut', async (context) => {
    // After the first bulk: its buffers are kept for the next one.
    atRest = await restOf(bed)
    using idle = await hold(bed, 'connector')
    using busy = await hold(bed, 'bridge')
    const over = new Set<string>()
    for (const [name, { over: end }] of Object.entries({ idle, busy }))
      void end.then((how) => over.add(`${name}: ${how}`))
    await bed.yard.lose('site', 1)
    busy.makeBusy()
    await Promise.all(bed.ways.map((way) => askInTurn(context, bed, way)))
    const before = busy.received
    await busy.untilReceives(lossyGrowBytes, 30_000)
    context.diagnostic(`${busy.received - before} bytes more beside the new connections`)
    using withheld = new WithheldTime()
    await bed.yard.hear('site')
    const tookMs = await Promise.all(bed.ways.map((way) => bed.untilWorks(way, 20_000)))
    context.diagnostic(
      `after the cure: ${tookMs.join(', ')} ms, withheld by the machine: ${withheld.totalMs.toFixed(0)} ms`,
    )
    assert.ok(Math.max(...tookMs) < patienceMs + 2 * withheld.totalMs, `back after ${tookMs.join(', ')} ms`)
    assert.deepEqual([...over], [])
    assert.ok(busy.isPrefix)
    assert.deepEqual(bed.unexpectedEnds, [])
    assert.equal((await bed.status()).Status, 'Connected')
  })

  // A lost packet is no dead carrier: there is not a new one for each.
  it('nothing is left behind', (context) => expectNoLeak(context, bed, atRest))
})

const asked = 12

/** New connections one after the other, each within its time. */
async function askInTurn(context: TestContext, bed: FaultBed, way: Way): Promise<void> {
  using withheld = new WithheldTime()
  const times: number[] = []
  for (let index = 0; index < asked; index += 1) {
    const startedAtMs = performance.now()
    const withheldMs = withheld.totalMs
    assert.equal(await probeTunnel(bed.door(way), AbortSignal.timeout(20_000)), bed.letter(way))
    times.push(performance.now() - startedAtMs - 2 * (withheld.totalMs - withheldMs))
  }
  times.sort((one, other) => one - other)
  context.diagnostic(`${way}: median ${times[asked >> 1]?.toFixed(0)} ms, slowest ${times.at(-1)?.toFixed(0)} ms`)
  assert.ok((times.at(-1) ?? 0) < patienceMs, `${way}: ${times.join(', ')}`)
}

function hold(bed: FaultBed, way: Way): Promise<HeldConnection> {
  return HeldConnection.open(bed.door(way), bed.letter(way))
}

/** How much more would have passed on a machine of its own; not so much that the first window alone would do. */
function share(withheld: WithheldTime, tookMs: number): number {
  return tookMs / Math.max(tookMs / windowsPerRoundTrip, tookMs - withheld.totalMs)
}
