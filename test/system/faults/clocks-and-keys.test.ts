// What the HCM makes of a clock that is wrong, and of keys that are changed. Its clock is that of libfaketime, which reads how
// wrong it is from a file, again and again.
import assert from 'node:assert/strict'
import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import type { HybridConnectionStatus } from '../../../packages/hcm/src/service/status.ts'
import { HeldConnection } from '../../chaos/held-connection.ts'
import { WithheldTime } from '../../chaos/withheld-time.ts'
import { missingPrograms } from '../run-program.ts'
import { FaultBed, firstKeys } from './fault-bed.ts'
import { whyNoNetworkYard } from './network-yard.ts'

/** Debian names the folder by the processor. */
const [library] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1')

const skip = whyNoNetworkYard() || missingPrograms({ faketime: 'faketime' })

/** What the issue promises, and room for a slow machine. */
const backMs = 5_000 + 2_000
const patienceMs = 40_000

describe('a clock that is wrong, and keys that are changed', { skip }, () => {
  let bed: FaultBed
  let folder: string

  /** How wrong the clock of the HCM is, as `faketime -f` has it. */
  const setClock = (offset: string): void => writeFileSync(join(folder, 'offset'), offset)

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'postern-clock-'))
    setClock('+0')
    bed = await FaultBed.open({
      ways: ['hcm'],
      hcmEnvironment: {
        LD_PRELOAD: library ?? '',
        FAKETIME_TIMESTAMP_FILE: join(folder, 'offset'),
        FAKETIME_NO_CACHE: '1',
        // Timers count time that has passed.
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      },
    })
  })
  after(async () => {
    await bed?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  for (const offset of ['+2h', '-20m']) {
    it(`a clock that jumps by ${offset} while it serves disturbs nobody`, async () => {
      using held = await HeldConnection.open(bed.door('hcm'), bed.letter('hcm'))
      held.makeBusy()
      setClock(offset)
      await bed.untilWorks('hcm', patienceMs)
      await held.untilReceives(1_000_000, patienceMs)
      assert.equal((await bed.status()).Status, 'Connected')
      setClock('+0')
    })
  }

  it('with a clock two hours behind it does not call itself connected, and status and doctor name the clock', async (context) => {
    setClock('-2h')
    await bed.hcm.kill()
    await bed.hcm.start()
    const status = await bed.untilStatus(({ Problem }) => Problem !== undefined, patienceMs)
    assert.equal(status.Status, 'Disconnected')
    expectClockNamed(status)
    const tls = await bed.findingAt('tls')
    assert.equal(tls?.state, 'failed')
    assert.match(tls?.seen ?? '', /clock here is 7[12]\d\d s behind that of the relay/)
    assert.match(tls?.fix ?? '', /Set the clock/)
    await expectBack(context, bed, () => setClock('+0'))
  })

  it('with a clock two hours ahead, or 20 minutes behind, it serves, and doctor says what will go wrong', async () => {
    for (const [offset, said] of [
      ['+2h', /7[12]\d\d s ahead of/],
      ['-20m', /1[12]\d\d s behind/],
    ] as const) {
      setClock(offset)
      await bed.hcm.kill()
      await bed.hcm.start()
      await bed.untilWorks('hcm', patienceMs)
      assert.equal((await bed.status()).Status, 'Connected')
      assert.match((await bed.findingAt('clock'))?.seen ?? '', said)
    }
    setClock('+0')
  })

  it('a key that is changed for the other one, and then made anew, ends no connection', async () => {
    using held = await HeldConnection.open(bed.door('hcm'), bed.letter('hcm'))
    held.makeBusy()
    await bed.add(bed.siteAccess('db', firstKeys.secondary))
    await bed.giveKeys('third', firstKeys.secondary)
    await bed.untilWorks('hcm', patienceMs)
    await held.untilReceives(1_000_000, patienceMs)
    assert.deepEqual([(await bed.status()).Status, held.isPrefix], ['Connected', true])
  })

  it('a key that is no more is told with the hop and what to do; with the new one it is back', async (context) => {
    await bed.giveKeys('fourth', 'fifth')
    // Before it has asked again it only knows that it was turned out.
    const isRefused = ({ Problem }: HybridConnectionStatus): boolean => Problem?.Code === 'TokenSignatureInvalid'
    const { Problem, Status } = await bed.untilStatus(isRefused, patienceMs)
    assert.deepEqual([Status, Problem?.Hop], ['NotFound', 'token'])
    assert.match(Problem?.WhatToDo ?? '', /Check name and key/)
    assert.equal((await bed.findingAt('token'))?.state, 'failed')
    await expectBack(context, bed, () => bed.add(bed.siteAccess('db', 'fourth')))
  })
})

function expectClockNamed({ Problem }: HybridConnectionStatus): void {
  assert.equal(Problem?.Code, 'CertificateOutOfDate')
  assert.match(Problem?.Message ?? '', /not yet valid, and the clock of this machine says 20/)
  assert.match(Problem?.WhatToDo ?? '', /Set the clock/)
}

async function expectBack(context: TestContext, bed: FaultBed, cure: () => unknown): Promise<void> {
  using withheld = new WithheldTime()
  await cure()
  const tookMs = await bed.untilWorks('hcm', patienceMs)
  context.diagnostic(`back after ${tookMs} ms, withheld ${withheld.totalMs.toFixed(0)} ms`)
  assert.ok(tookMs < backMs + 2 * withheld.totalMs, `back after ${tookMs} ms\n${bed.hcm.said}`)
  assert.deepEqual(bed.unexpectedEnds, [])
}
