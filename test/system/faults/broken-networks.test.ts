// What breaks is the way to the relay, or the relay. Everything runs in network namespaces (network-yard.ts).
import { after, before, describe, it } from 'node:test'
import { type BedHoldings, expectNoLeak, restOf } from './bed-holdings.ts'
import { FaultBed } from './fault-bed.ts'
import { whyNoNetworkYard } from './network-yard.ts'
import { suffer } from './outage.ts'

/** Long enough to be noticed, and for TCP to pause for longer than the return may take. */
const outageMs = 12_000

describe('when the way to the relay breaks and is mended', { skip: whyNoNetworkYard() }, () => {
  let bed: FaultBed
  let atRest: BedHoldings

  before(async () => {
    bed = await FaultBed.open()
    atRest = await restOf(bed)
  })
  after(() => bed?.[Symbol.asyncDispose]())

  it('a relay that is killed and started again is found again', (context) =>
    suffer(context, bed, { begin: () => bed.relay.kill(), end: () => bed.relay.start(), lastsMs: 3_000 }))

  it('a network that swallows everything is felt, and used again as soon as it works', (context) =>
    suffer(context, bed, {
      begin: () => bed.yard.silence('site'),
      end: () => bed.yard.hear('site'),
      lastsMs: outageMs,
    }))

  it('a cable that is pulled and plugged is noticed', (context) =>
    suffer(context, bed, {
      begin: () => bed.yard.link('site', 'down'),
      end: () => bed.yard.link('site', 'up'),
      lastsMs: 6_000,
    }))

  it('nothing is left behind', (context) => expectNoLeak(context, bed, atRest))
})
