import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { connectThrough, FarEnd, RelayWays } from '@postern/bridge'
import { silentLogger } from '@postern/program'
import {
  ask,
  askAgain,
  connectionStringOf,
  type HcmBed,
  metadataOf,
  open,
  putEntity,
  startBed,
  startBedRelay,
  startTarget,
} from './hcm-bed.contract.ts'
import { runHcm } from './run-hcm.ts'

test('a hybrid connection added by its connection string leads to its endpoint at once', async (t) => {
  await using relay = await startBedRelay()
  await using target = await startTarget('one')
  await putEntity(relay, 'db', `127.0.0.1:${target.port}`)
  const bed = await startBed(t)
  const added = await bed.control.call('add', { connectionString: connectionStringOf(relay, 'db'), follow: false })
  assert.deepEqual([added.Name, added.Endpoint], ['db', `127.0.0.1:${target.port}`])
  const status = await bed.until('db', ({ Status, Target }) => Status === 'Connected' && Target === 'Reachable')
  assert.equal(status.Problem, undefined)
  assert.equal(await ask(relay, 'db', 'hello'), 'one hello')
  const after = await bed.until('db', ({ Streams }) => Streams === 0)
  assert.deepEqual([after.StreamsTotal, after.BytesToRelay, after.BytesFromRelay], [1, 9, 5])
  assert.equal(after.NumberOfListeners === undefined || after.NumberOfListeners <= 1, true)
})

test('a second add of the same is refused, and what is removed is gone while the other goes on', async (t) => {
  await using relay = await startBedRelay()
  await using target = await startTarget('one')
  for (const name of ['a', 'b']) await putEntity(relay, name, `127.0.0.1:${target.port}`)
  const { control, until } = await startBed(t)
  for (const name of ['a', 'b'])
    await control.call('add', { connectionString: connectionStringOf(relay, name), follow: false })
  await until('a', ({ Status }) => Status === 'Connected')
  await until('b', ({ Status }) => Status === 'Connected')
  await assert.rejects(control.call('add', { connectionString: connectionStringOf(relay, 'A'), follow: false }), {
    code: 'ResourceConflict',
    message: /already exists/,
  })
  const stream = await open(relay, 'b')
  assert.equal(await askAgain(stream, 'x'), 'one x')
  await control.call('remove', { name: 'a' })
  assert.deepEqual(
    (await control.call('list', {})).map(({ Name }) => Name),
    ['b'],
  )
  await assert.rejects(ask(relay, 'a', 'x'), { code: 'NoListenersConnected' })
  assert.equal(await askAgain(stream, 'y'), 'one y')
  stream.destroy()
  await assert.rejects(control.call('show', { name: 'a' }), { code: 'ResourceNotFound' })
})

test('a changed endpoint is not followed until the site allows it, and then at once', async (t) => {
  await using relay = await startBedRelay()
  await using one = await startTarget('one')
  await using two = await startTarget('two')
  await putEntity(relay, 'db', `127.0.0.1:${one.port}`)
  const { control, until } = await startBed(t)
  await control.call('add', { connectionString: connectionStringOf(relay, 'db'), follow: false })
  await until('db', ({ Status, Target }) => Status === 'Connected' && Target === 'Reachable')
  const changed = `127.0.0.1:${two.port}`
  await putEntity(relay, 'db', changed)
  const status = await until('db', ({ Endpoint }) => Endpoint === changed)
  assert.deepEqual(
    [status.Target, status.Problem?.Hop, status.Problem?.Code],
    ['Unknown', 'policy', 'EndpointNotAllowed'],
  )
  assert.match(status.Problem?.WhatToDo ?? '', new RegExp(`hcm policy allow ${changed}`))
  await assert.rejects(
    open(relay, 'db'),
    (error: Error & { httpStatus: number }) => error.httpStatus === 403 && !error.message.includes(changed),
  )
  assert.deepEqual(await control.call('policyAllow', { rule: '127.0.0.0/8' }), ['127.0.0.0/8'])
  assert.equal(await ask(relay, 'db', 'x'), 'two x')
  await until('db', ({ Problem, Target }) => Problem === undefined && Target === 'Reachable')
  await control.call('policyRemove', { rule: '127.0.0.0/8' })
  await assert.rejects(open(relay, 'db'), { httpStatus: 403 })
})

test('with --follow a changed endpoint is followed', async (t) => {
  await using relay = await startBedRelay()
  await using one = await startTarget('one')
  await using two = await startTarget('two')
  await putEntity(relay, 'db', `127.0.0.1:${one.port}`)
  const { control, until } = await startBed(t)
  await control.call('add', { connectionString: connectionStringOf(relay, 'db'), follow: true })
  await until('db', ({ Status }) => Status === 'Connected')
  assert.equal(await ask(relay, 'db', 'x'), 'one x')
  await putEntity(relay, 'db', `127.0.0.1:${two.port}`)
  await until('db', ({ Endpoint }) => Endpoint === `127.0.0.1:${two.port}`)
  assert.equal(await ask(relay, 'db', 'x'), 'two x')
})

test('a name is checked by the addresses that it resolves to where only networks are allowed', async (t) => {
  await using relay = await startBedRelay()
  await using one = await startTarget('one')
  await putEntity(relay, 'db', '127.0.0.1:9')
  const { control, until } = await startBed(t)
  await control.call('add', { connectionString: connectionStringOf(relay, 'db'), follow: false })
  await until('db', ({ Status }) => Status === 'Connected')
  await control.call('policyAllow', { rule: '10.0.0.0/8' })
  await putEntity(relay, 'db', `localhost:${one.port}`)
  const refused = await until('db', ({ Problem }) => Problem?.Code === 'EndpointNotAllowed')
  assert.match(refused.Problem?.Message ?? '', /it resolves to .*127\.0\.0\.1/)
  await assert.rejects(open(relay, 'db'), { httpStatus: 403 })
  await control.call('policyAllow', { rule: `127.0.0.0/8:${one.port}` })
  assert.equal(await ask(relay, 'db', 'x'), 'one x')
})

test('the death of a target and its return are seen, with the cause', async (t) => {
  await using relay = await startBedRelay()
  const target = await startTarget('one')
  await putEntity(relay, 'db', `127.0.0.1:${target.port}`)
  const { control, until } = await startBed(t)
  await control.call('add', { connectionString: connectionStringOf(relay, 'db'), follow: false })
  await until('db', ({ Status, Target }) => Status === 'Connected' && Target === 'Reachable')
  await target[Symbol.asyncDispose]()
  const dead = await until('db', ({ Target }) => Target === 'Unreachable')
  assert.deepEqual([dead.Status, dead.Problem?.Hop], ['Connected', 'target'])
  assert.match(dead.Problem?.Message ?? '', /cannot be reached: ECONNREFUSED/)
  await assert.rejects(open(relay, 'db'), (error: Error) => /cannot be reached: ECONNREFUSED/.test(error.message))
  const again = await startTarget('again', target.port)
  t.after(() => again[Symbol.asyncDispose]())
  const alive = await until('db', ({ Target }) => Target === 'Reachable')
  assert.ok(alive.TargetSince > dead.TargetSince)
  assert.equal(await ask(relay, 'db', 'x'), 'again x')
})

test('a relay that was away is found again within 5 s, and the status says so meanwhile', async (t) => {
  await using target = await startTarget('one')
  const entities = [{ name: 'db', userMetadata: metadataOf(`127.0.0.1:${target.port}`) }]
  const first = await startBedRelay(0, entities)
  const { control, until } = await startBed(t)
  await control.call('add', { connectionString: connectionStringOf(first, 'db'), follow: false })
  await until('db', ({ Status }) => Status === 'Connected')
  await first.relay.stop({ graceMs: 0 })
  const away = await until('db', ({ Status }) => Status === 'Disconnected')
  assert.equal(away.Problem?.Hop, 'relay')
  await using second = await startBedRelay(Number(first.host.split(':')[1]), entities)
  const startedAtMs = performance.now()
  await until('db', ({ Status }) => Status === 'Connected')
  assert.ok(performance.now() - startedAtMs < 5_000)
  assert.equal(await ask(second, 'db', 'x'), 'one x')
})

test('who has lost the relay does not call itself connected by its own count of listeners', async (t) => {
  await using target = await startTarget('one')
  const entities = [{ name: 'db', userMetadata: metadataOf(`127.0.0.1:${target.port}`) }]
  await using relay = await startBedRelay(0, entities)
  const { control, until } = await startBed(t, { entityIntervalMs: 600_000 })
  await control.call('add', { connectionString: connectionStringOf(relay, 'db'), follow: false })
  await control.call('test', { name: 'db' })
  await until('db', ({ NumberOfListeners }) => NumberOfListeners === 1)
  await relay.relay.stop({ graceMs: 0 })
  const away = await until('db', ({ Problem }) => Problem?.Hop === 'relay')
  assert.deepEqual([away.Status, away.NumberOfListeners], ['Disconnected', undefined])
})

test('a wrong key and a missing hybrid connection are NotFound with the hop, and may be added again', async (t) => {
  await using relay = await startBedRelay()
  await using target = await startTarget('one')
  await putEntity(relay, 'db', `127.0.0.1:${target.port}`)
  const { control, until } = await startBed(t)
  await control.call('add', { connectionString: connectionStringOf(relay, 'gone'), follow: false })
  await control.call('add', { connectionString: connectionStringOf(relay, 'db', 'wrong-key'), follow: false })
  const gone = await until('gone', ({ Status }) => Status === 'NotFound')
  assert.equal(gone.Problem?.Hop, 'entity')
  const wrong = await until('db', ({ Status }) => Status === 'NotFound')
  assert.equal(wrong.Problem?.Hop, 'token')
  assert.doesNotMatch(JSON.stringify(wrong), /wrong-key/)
  await control.call('add', { connectionString: connectionStringOf(relay, 'db'), follow: false })
  await until('db', ({ Status }) => Status === 'Connected')
})

test('BizTalk connection strings are shown as discontinued', async (t) => {
  const { control } = await startBed(t)
  const connectionString = 'Endpoint=https://old.hybridconnections.biztalk.windows.net/x;Name=a;Key=secret'
  const added = await control.call('add', { connectionString, follow: false })
  assert.equal(added.Status, 'Discontinued')
  assert.match(added.Problem?.Message ?? '', /May 31, 2018/)
})

test('everything is served again after a restart, and no key stands in the folder or in answers', async (t) => {
  await using relay = await startBedRelay()
  await using target = await startTarget('one')
  await putEntity(relay, 'db', `127.0.0.1:${target.port}`)
  const folder = mkdtempSync(join(tmpdir(), 'hcm-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const first = await runHcm({ folder, tls: false, logger: silentLogger })
  await assert.rejects(runHcm({ folder, tls: false, logger: silentLogger }), /Another hcm runs already/)
  assert.equal(statSync(first.socketPath).mode & 0o777, 0o600)
  await first.service.add(new (await import('@postern/program')).Secret(connectionStringOf(relay, 'db')))
  await first.stop({ graceMs: 0 })
  for (const name of readdirSync(folder)) {
    assert.doesNotMatch(readFileSync(join(folder, name), 'utf8'), /primary-key-of-the-tests/, name)
  }
  const { until, control } = await startBed(t, { folder })
  await until('db', ({ Status }) => Status === 'Connected')
  assert.equal(await ask(relay, 'db', 'x'), 'one x')
  assert.doesNotMatch(JSON.stringify(await control.call('list', {})), /primary-key-of-the-tests/)
  const restarted = await control.call('restart', { name: 'db' })
  assert.equal(restarted.Name, 'db')
  await until('db', ({ Status }) => Status === 'Connected')
  assert.equal(await ask(relay, 'db', 'y'), 'one y')
})

test('a changed endpoint counts for the next stream, without waiting for the next question', async (t) => {
  await using relay = await startBedRelay()
  await using one = await startTarget('one')
  await using two = await startTarget('two')
  await putEntity(relay, 'db', `127.0.0.1:${one.port}`)
  const { control, until } = await startBed(t, { entityIntervalMs: 600_000 })
  await control.call('add', { connectionString: connectionStringOf(relay, 'db'), follow: true })
  await until('db', ({ Status, Target }) => Status === 'Connected' && Target === 'Reachable')
  await putEntity(relay, 'db', `127.0.0.1:${two.port}`)
  assert.equal(await ask(relay, 'db', 'x'), 'two x')
})

test('several serve one hybrid connection; one whose target is dead leaves the streams to the others', async (t) => {
  await using relay = await startBedRelay()
  await using shared = await startTarget('shared')
  await putEntity(relay, 'db', `127.0.0.1:${shared.port}`)
  const beds = [await startBed(t), await startBed(t)] as const
  for (const { control, until } of beds) {
    await control.call('add', { connectionString: connectionStringOf(relay, 'db'), follow: false })
    await until('db', ({ Status, Target }) => Status === 'Connected' && Target === 'Reachable')
  }
  const streamsOf = ({ hcm }: HcmBed): number => hcm.service.list()[0]?.StreamsTotal ?? 0
  while (!beds.every((bed) => streamsOf(bed) > 0)) assert.equal(await ask(relay, 'db', 'x'), 'shared x')
  // To the second one the endpoint is forbidden: for senders that is the same as a dead target.
  const [first, second] = beds
  await second.control.call('remove', { name: 'db' })
  await second.control.call('policyAllow', { rule: 'elsewhere:1' })
  await putEntity(relay, 'db', '127.0.0.1:9')
  await second.control.call('add', { connectionString: connectionStringOf(relay, 'db'), follow: true })
  await putEntity(relay, 'db', `127.0.0.1:${shared.port}`)
  await second.until('db', ({ Problem }) => Problem?.Code === 'EndpointNotAllowed')
  await first.until('db', ({ Target }) => Target === 'Reachable')
  const before = streamsOf(first)
  for (let i = 0; i < 20; i += 1) assert.equal(await ask(relay, 'db', 'x'), 'shared x')
  assert.equal(streamsOf(first) - before, 20)
  await first.hcm.stop({ graceMs: 0 })
  await assert.rejects(open(relay, 'db'), { httpStatus: 403 })
})

test('streams of a carrier are checked each: endpoint, other ports that a rule names, and nothing else', async (t) => {
  await using relay = await startBedRelay()
  await using one = await startTarget('one')
  await using two = await startTarget('two')
  await putEntity(relay, 'db', `127.0.0.1:${one.port}`)
  const { control, until } = await startBed(t)
  await control.call('add', { connectionString: connectionStringOf(relay, 'db'), follow: false })
  await until('db', ({ Status, Target }) => Status === 'Connected' && Target === 'Reachable')
  using ways = new RelayWays()
  const way = ways.to({ connectionString: connectionStringOf(relay, 'db'), tls: false })
  const farEnd = new FarEnd({ ...way, framing: 'raw' })
  const askFor = async (target: string): Promise<string> => {
    const stream = await connectThrough(farEnd, { target, signal: AbortSignal.timeout(15_000) })
    const answer = await askAgain(stream, 'x')
    stream.destroy()
    return answer
  }
  const isRefused = (error: Error): boolean =>
    (error as { code?: string }).code === 'EndpointNotAllowed' && !error.message.includes('127.0.0.1')
  for (const target of ['', `127.0.0.1:${one.port}`, '5432']) assert.equal(await askFor(target), 'one x')
  for (const target of [`127.0.0.1:${two.port}`, `127.0.0.2:${one.port}`, `localhost:${one.port}`, 'db', '[::1]:22']) {
    await assert.rejects(askFor(target), isRefused, target)
  }
  // What the cloud may choose from is not what senders may choose from.
  await control.call('policyAllow', { rule: '127.0.0.0/8' })
  await assert.rejects(askFor(`127.0.0.1:${two.port}`), isRefused)
  await control.call('policyAllow', { rule: `127.0.0.0/8:${two.port}` })
  assert.equal(await askFor(`127.0.0.1:${two.port}`), 'two x')
  await assert.rejects(askFor(`127.0.0.2:${two.port}`), isRefused)
  // A changed endpoint counts for the next stream of the same carrier.
  await putEntity(relay, 'db', `127.0.0.1:${two.port}`)
  await control.call('policyRemove', { rule: `127.0.0.0/8:${two.port}` })
  await control.call('policyRemove', { rule: '127.0.0.0/8' })
  await assert.rejects(askFor(`127.0.0.1:${two.port}`), isRefused)
  assert.equal(way.carriers?.carrierCount, 1)
  const status = await until('db', ({ Streams }) => Streams === 0)
  assert.equal(status.StreamsTotal, 4)
})
