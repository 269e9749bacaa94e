import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { RelayError } from '@postern/protocol'
import { Counters } from '../../telemetry/counters.ts'
import { type ArmBed, openArmBed } from '../arm-calls.contract.ts'
import { putNamespace, putRelay } from '../web/web.contract.ts'
import { UsageMeter, type UsageSample } from './usage-meter.ts'

const usageUrl = (month = '2026-11') =>
  `/subscriptions/s/resourceGroups/g/providers/Microsoft.Relay/namespaces/contoso/providers/Postern.Management/usage?month=${month}&api-version=2026-11-01`

interface Metered extends AsyncDisposable {
  readonly bed: ArmBed
  readonly meter: UsageMeter
  readonly counters: Counters
  /** By name. */
  readonly listeners: Map<string, number>
  readonly errors: unknown[]
  readonly failing: { now: boolean }
  /** How far the clock was set. */
  readonly skew: { ms: number }
}

/** A meter over an API with a namespace and hybrid connections; the clock stands at the end of November. */
async function meter(t: TestContext, relays: readonly string[]): Promise<Metered> {
  t.mock.timers.enable({ apis: ['setInterval', 'Date'], now: Date.UTC(2026, 10, 30, 12) })
  const bed = await openArmBed()
  await putNamespace(bed.store, 'contoso')
  for (const relay of relays) await putRelay(bed.store, relay)
  const counters = new Counters()
  const listeners = new Map<string, number>()
  const errors: unknown[] = []
  const failing = { now: false }
  const skew = { ms: 0 }
  const { documents } = bed.parts
  const made = new UsageMeter({
    store: new Proxy(bed.store, {
      get: (target, name) => {
        if (name === 'put' && failing.now) return () => Promise.reject(new RelayError('InternalError'))
        const member: unknown = Reflect.get(target, name)
        return typeof member === 'function' ? (member.bind(target) as unknown) : member
      },
    }),
    documents,
    sample: () =>
      Array.from(
        counters.entities(),
        (each): UsageSample => ({ counters: each, listeners: listeners.get(each.name) ?? 0 }),
      ),
    now: () => new Date(Date.now() + skew.ms),
    onError: (error) => errors.push(error),
  })
  const dispose = async (): Promise<void> => {
    await made.close()
    await bed[Symbol.asyncDispose]()
  }
  return { bed, meter: made, counters, listeners, errors, failing, skew, [Symbol.asyncDispose]: dispose }
}

const read = async (bed: ArmBed, month?: string) => (await bed.call('GET', usageUrl(month))).json.properties

/** Time goes by, and what was due to be written is. */
async function pass(t: TestContext, { meter }: Metered, seconds: number): Promise<void> {
  for (let at = 0; at < seconds; at += 5) t.mock.timers.tick(5000)
  await meter.flush()
}

test('five hybrid connections on two HCMs are ten listeners', async (t) => {
  const relays = ['hc1', 'hc2', 'hc3', 'hc4', 'Hc5']
  await using metered = await meter(t, relays)
  for (const relay of relays) {
    metered.counters.entity('contoso', relay)
    metered.listeners.set(relay.toLowerCase(), 2)
  }
  await pass(t, metered, 5)
  await pass(t, metered, 3600)
  const usage = await read(metered.bed)
  assert.equal(usage.listeners, 10)
  assert.equal(usage.listenerHours, 10)
  assert.deepEqual(usage.hybridConnections[0], {
    name: 'Hc5',
    listenerHours: 2,
    listeners: 2,
    bytes: 0,
    connections: 0,
  })
})

test('bytes and connections are counted once, whatever becomes of their counters', async (t) => {
  await using metered = await meter(t, ['db'])
  const { counters, bed } = metered
  const first = counters.entity('contoso', 'db')
  first.bytesTransferred = 1000
  first.senderConnectionsSuccess = 2
  await pass(t, metered, 60)
  assert.deepEqual([(await read(bed)).bytes, (await read(bed)).connections], [1000, 2])
  first.bytesTransferred = 1500
  counters.forget('contoso', 'db')
  const second = counters.entity('contoso', 'db')
  second.bytesTransferred = 10
  await pass(t, metered, 60)
  assert.equal((await read(bed)).bytes, 1510)
  second.bytesTransferred = 30
  counters.forget('contoso', 'db')
  await pass(t, metered, 60)
  await pass(t, metered, 60)
  assert.equal((await read(bed)).bytes, 1530)
})

test('a listener counts while it is there, and the most at once are remembered', async (t) => {
  await using metered = await meter(t, ['db'])
  metered.counters.entity('contoso', 'db')
  for (const [count, seconds] of [
    [1, 60],
    [3, 30],
    [0, 600],
    [2, 90],
  ] as const) {
    metered.listeners.set('db', count)
    await metered.meter.flush()
    await pass(t, metered, seconds)
  }
  const usage = await read(metered.bed)
  assert.equal(Math.round(usage.listenerHours * 3600), 60 + 3 * 30 + 2 * 90)
  assert.equal(usage.listeners, 3)
})

test('nothing is written while nothing is used, and one document a namespace when something is', async (t) => {
  await using metered = await meter(t, ['a', 'b'])
  let writes = 0
  metered.bed.store.onChange(() => (writes += 1))
  metered.counters.entity('contoso', 'a')
  await pass(t, metered, 300)
  assert.equal(writes, 0)
  for (const name of ['a', 'b']) metered.counters.entity('contoso', name).bytesTransferred = 1
  await pass(t, metered, 5)
  assert.equal(writes, 1)
})

test('what could not be written is written later', async (t) => {
  await using metered = await meter(t, ['db'])
  metered.failing.now = true
  metered.counters.entity('contoso', 'db').bytesTransferred = 7
  await pass(t, metered, 60)
  assert.equal(metered.errors.length > 0, true)
  metered.failing.now = false
  metered.counters.entity('contoso', 'db').bytesTransferred = 8
  await pass(t, metered, 60)
  assert.equal((await read(metered.bed)).bytes, 8)
})

test('a month ends, and the next begins with nothing', async (t) => {
  await using metered = await meter(t, ['db'])
  metered.counters.entity('contoso', 'db').bytesTransferred = 7
  await pass(t, metered, 5)
  t.mock.timers.tick(24 * 3600_000)
  metered.counters.entity('contoso', 'db').bytesTransferred = 17
  await metered.meter.flush()
  assert.deepEqual([(await read(metered.bed)).bytes, (await read(metered.bed, '2026-12')).bytes], [7, 10])
  assert.equal((await read(metered.bed, '2025-01')).listeners, 0)
})

test('a clock that jumps costs nobody anything', async (t) => {
  await using metered = await meter(t, ['db'])
  metered.counters.entity('contoso', 'db')
  metered.listeners.set('db', 1)
  await metered.meter.flush()
  metered.skew.ms = 8 * 3600_000
  await metered.meter.flush()
  metered.skew.ms = -11 * 3600_000
  await metered.meter.flush()
  assert.equal(Math.round((await read(metered.bed)).listenerHours * 3600), 10)
})

test('hybrid connections that are gone have one place together; a namespace of the same name sees nothing of the old one', async (t) => {
  await using metered = await meter(t, ['a', 'b'])
  const { bed, counters } = metered
  counters.entity('contoso', 'a').bytesTransferred = 1
  counters.entity('contoso', 'b').bytesTransferred = 2
  await pass(t, metered, 5)
  for (const name of ['a', 'b']) {
    await bed.store.delete(`hc/contoso/${name}`)
    counters.forget('contoso', name)
  }
  await putRelay(bed.store, 'c')
  counters.entity('contoso', 'c').bytesTransferred = 4
  await pass(t, metered, 5)
  const bytes = (usage: { hybridConnections: { name: string; bytes: number }[] }) =>
    usage.hybridConnections.map((each) => [each.name, each.bytes])
  assert.deepEqual(bytes(await read(bed)), [
    ['(deleted)', 3],
    ['c', 4],
  ])
  await bed.store.delete('ns/contoso')
  t.mock.timers.tick(5000)
  await putNamespace(bed.store, 'contoso')
  assert.deepEqual(bytes(await read(bed)), [])
  await putRelay(bed.store, 'c')
  counters.entity('contoso', 'c').bytesTransferred = 9
  await pass(t, metered, 5)
  assert.deepEqual(bytes(await read(bed)), [['c', 5]])
})

test('usage is for those who may read the namespace, and a month must be one', async (t) => {
  await using metered = await meter(t, [])
  const { bed } = metered
  await bed.assign('reader', 'Reader', '/subscriptions/s')
  assert.equal((await bed.call('GET', usageUrl(), { as: 'reader' })).status, 200)
  assert.equal((await bed.call('GET', usageUrl(), { as: 'nobody' })).status, 403)
  for (const month of ['2026-13', '2026', '../x', '2026-1']) {
    assert.equal((await bed.call('GET', usageUrl(encodeURIComponent(month)))).status, 400, month)
  }
})
