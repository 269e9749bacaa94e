import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { silentLogger } from '@postern/program'
import type { TestRelay } from '@postern/testkit'
import {
  ask,
  askAgain,
  connectionStringOf,
  type HcmBed,
  open,
  putEntity,
  signal,
  startBed,
  startBedRelay,
  startTarget,
} from '../hcm-bed.contract.ts'
import { runHcm } from '../run-hcm.ts'

const often = { tls: false, logger: silentLogger, entityIntervalMs: 600, probeIntervalMs: 200 } as const

/** An HCM that serves `db`. */
async function startServing(t: TestContext, relay: TestRelay, port: number): Promise<HcmBed> {
  await putEntity(relay, 'db', `127.0.0.1:${port}`)
  const bed = await startBed(t)
  await bed.control.call('add', { connectionString: connectionStringOf(relay, 'db'), follow: false })
  await bed.until('db', ({ Status, Target }) => Status === 'Connected' && Target === 'Reachable')
  return bed
}

test('another process takes over: what is open goes on, what comes is served at once, and commands reach the new one', async (t) => {
  await using relay = await startBedRelay()
  await using target = await startTarget('one')
  const old = await startServing(t, relay, target.port)
  const stream = await open(relay, 'db')
  assert.equal(await askAgain(stream, 'a'), 'one a')

  const taking = runHcm({ ...often, folder: old.folder, takeOver: { timeoutMs: 15_000 } })
  await old.hcm.retired
  const ending = old.hcm.stop({ graceMs: 15_000 })
  const taker = await taking
  t.after(() => taker.stop({ graceMs: 0 }))

  assert.equal(await askAgain(stream, 'b'), 'one b')
  assert.equal(await ask(relay, 'db', 'c'), 'one c')
  assert.equal(taker.service.list()[0]?.StreamsTotal, 1)
  // The same socket, and another process behind it.
  assert.deepEqual(await old.control.call('policyAllow', { rule: 'x.corp:1' }), ['x.corp:1'])
  assert.deepEqual(taker.service.policy, ['x.corp:1'])
  stream.destroy()
  await ending
})

test('one that does not serve as well gives up, and the one before goes on and takes changes again', async (t) => {
  await using relay = await startBedRelay()
  await using target = await startTarget('one')
  const old = await startServing(t, relay, target.port)
  // It speaks TLS to a relay that does not.
  const failing = runHcm({ ...often, tls: {}, folder: old.folder, takeOver: { timeoutMs: 1_500 } })
  await assert.rejects(failing, {
    code: 'ConnectTimeout',
    message: /local.*db is not registered at the relay|127.*db is not registered/,
  })
  assert.equal(await ask(relay, 'db', 'x'), 'one x')
  assert.deepEqual(await old.control.call('policyAllow', { rule: 'x.corp:1' }), ['x.corp:1'])
})

test('while it is taken over nothing is changed, and only one may take over', async (t) => {
  const { control } = await startBed(t)
  await control.call('handOverPrepare', { patienceMs: 60_000 })
  await assert.rejects(control.call('policyAllow', { rule: 'x.corp:1' }), { code: 'ResourceConflict' })
  await assert.rejects(control.call('handOverPrepare', { patienceMs: 60_000 }), { code: 'ResourceConflict' })
  await control.call('handOverAbandon', { reason: 'test' })
  await control.call('policyAllow', { rule: 'x.corp:1' })
  await assert.rejects(control.call('handOverFinish', {}), { code: 'ResourceConflict' })
})

test('a successor that is not heard of again pauses nothing for ever', async (t) => {
  const { control } = await startBed(t)
  await control.call('handOverPrepare', { patienceMs: 1 })
  const deadline = signal()
  const isRefused = (): Promise<boolean> =>
    control.call('policyAllow', { rule: 'x.corp:1' }).then(
      () => false,
      () => true,
    )
  while (!deadline.aborted && (await isRefused()));
  assert.ok(!deadline.aborted)
})

test('a service that nobody keeps going cannot be renewed', async (t) => {
  const { control } = await startBed(t)
  await assert.rejects(control.call('renew', {}), {
    code: 'InvalidConfiguration',
    message: /not started by hcm-service/,
  })
})

test('where nobody serves there is nobody to take over from', async (t) => {
  const { control } = await startBed(t, { takeOver: { timeoutMs: 1_000 } })
  assert.deepEqual(await control.call('list', {}), [])
})
