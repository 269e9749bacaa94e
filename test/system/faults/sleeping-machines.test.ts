// The private site's machine sleeps, moves to another network, does not find the relay where it was, or starts before its
// network does.
import { after, before, describe, it } from 'node:test'
import { type BedHoldings, expectNoLeak, restOf } from './bed-holdings.ts'
import { FaultBed } from './fault-bed.ts'
import { whyNoNetworkYard } from './network-yard.ts'
import { suffer } from './outage.ts'

describe('when the machine of the private site was away', { skip: whyNoNetworkYard() }, () => {
  let bed: FaultBed
  let atRest: BedHoldings

  before(async () => {
    bed = await FaultBed.open()
    atRest = await restOf(bed)
  })
  after(() => bed?.[Symbol.asyncDispose]())

  it('it wakes up from a sleep in which nobody heard from it', (context) =>
    suffer(context, bed, {
      begin: () => {
        for (const program of bed.atSite) program.suspend()
        return bed.yard.silence('site')
      },
      end: async () => {
        await bed.yard.hear('site')
        for (const program of bed.atSite) program.resume()
      },
      lastsMs: 12_000,
    }))

  it('it comes to another network, with another address', (context) =>
    suffer(context, bed, {
      begin: () => bed.yard.link('site', 'down'),
      end: async () => {
        await bed.yard.readdress('site')
        await bed.yard.link('site', 'up')
      },
      // So short that nobody has noticed before: the application's end still has a carrier that leads to where the site was.
      lastsMs: 1_500,
    }))

  it('the relay has moved to another address meanwhile, and is found by its name', (context) =>
    suffer(context, bed, {
      begin: () => Promise.all([bed.yard.silence('site', 'relay'), bed.yard.silence('app', 'relay')]),
      end: () => bed.yard.resolve({ 'relay.test': 'relayMoved' }),
      lastsMs: 8_000,
    }))

  it('it starts before its network does', async (context) => {
    await bed.yard.link('site', 'down')
    await bed.hcm.kill()
    await bed.hcm.start()
    await suffer(context, bed, { begin: () => {}, end: () => bed.yard.link('site', 'up'), lastsMs: 4_000 })
  })

  it('nothing is left behind', (context) => expectNoLeak(context, bed, atRest))
})
