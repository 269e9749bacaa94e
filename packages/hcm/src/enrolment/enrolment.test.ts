import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import {
  createManagementClient,
  keepToken,
  type ManagementClient,
  signInWithClientCredentials,
} from '@postern/management'
import { hybridConnectionId } from '@postern/protocol'
import type { TestRelay } from '@postern/testkit'
import { ask, metadataOf, open, putEntity, signal, startBed, startBedRelay, startTarget } from '../hcm-bed.contract.ts'

function administratorOf({ relay }: TestRelay): ManagementClient {
  const { clientId, clientSecret } = relay.bootstrapAdmin!
  const endpoint = relay.management
  const token = keepToken(() =>
    signInWithClientCredentials({ endpoint, clientId, clientSecret: clientSecret.reveal() }),
  )
  return createManagementClient({ endpoint, token })
}

function idOf({ relay }: TestRelay, name: string): string {
  return hybridConnectionId(relay.server.catalog.namespaceByName('local')!, 'local', name)
}

function subscriptionOf({ relay }: TestRelay): string {
  return relay.server.catalog.namespaceByName('local')!.subscriptionId
}

async function tokenFor(relay: TestRelay, ...names: string[]): Promise<string> {
  const made = await administratorOf(relay).call('HcmEnrolments_Create', {
    params: { subscriptionId: subscriptionOf(relay) },
    body: { properties: { hybridConnections: names.map((name) => idOf(relay, name)) } },
  })
  return made.properties.token!
}

test('a token makes an HCM that serves what it was made for, without any key, and reports its targets', async (t) => {
  await using target = await startTarget('one')
  await using relay = await startBedRelay(0, [{ name: 'db', userMetadata: metadataOf(`127.0.0.1:${target.port}`) }])
  const { control, until } = await startBed(t)
  const token = await tokenFor(relay, 'db')
  const joined = await control.call('join', { token, endpoint: relay.relay.management, name: 'site' })
  assert.equal(joined.name, 'site')
  await until('db', ({ Status, Target }) => Status === 'Connected' && Target === 'Reachable')
  assert.equal(await ask(relay, 'db', 'x'), 'one x')
  await assert.rejects(control.call('join', { token, endpoint: relay.relay.management, name: '' }), {
    code: 'ResourceConflict',
  })
  await assert.rejects(control.call('remove', { name: 'db' }), /given by the relay/)
})

test('a used token is refused, and nothing is kept', async (t) => {
  await using relay = await startBedRelay(0, [{ name: 'db', userMetadata: metadataOf('127.0.0.1:9') }])
  const [first, second] = [await startBed(t), await startBed(t)]
  const request = { token: await tokenFor(relay, 'db'), endpoint: relay.relay.management, name: 'site' }
  await first.control.call('join', request)
  await assert.rejects(second.control.call('join', request), { code: 'EnrolmentTokenInvalid' })
  assert.deepEqual(await second.control.call('list', {}), [])
})

test('what the relay gives later is served, but leads only where the policy allows', async (t) => {
  await using target = await startTarget('one')
  await using relay = await startBedRelay(0, [{ name: 'db', userMetadata: metadataOf(`127.0.0.1:${target.port}`) }])
  await putEntity(relay, 'more', `127.0.0.1:${target.port}`)
  // Nothing but the word of the relay tells of the change in time.
  const { control, until } = await startBed(t, { reportIntervalMs: 600_000 })
  const { hcmId } = await control.call('join', {
    token: await tokenFor(relay, 'db'),
    endpoint: relay.relay.management,
    name: 'site',
  })
  await until('db', ({ Status }) => Status === 'Connected')
  await administratorOf(relay).call('Hcms_AddHybridConnection', {
    params: { subscriptionId: subscriptionOf(relay), hcmId },
    body: { hybridConnectionId: idOf(relay, 'more') },
  })
  const status = await until('more', ({ Status, Endpoint }) => Status === 'Connected' && Endpoint !== undefined)
  assert.equal(status.Problem?.Code, 'EndpointNotAllowed')
  await assert.rejects(open(relay, 'more'), { httpStatus: 403 })
  await control.call('policyAllow', { rule: `127.0.0.1:${target.port}` })
  assert.equal(await ask(relay, 'more', 'x'), 'one x')
})

test('what the relay takes away is served no more, at once', async (t) => {
  await using target = await startTarget('one')
  await using relay = await startBedRelay(0, [{ name: 'db', userMetadata: metadataOf(`127.0.0.1:${target.port}`) }])
  await putEntity(relay, 'more', `127.0.0.1:${target.port}`)
  const { control, until } = await startBed(t, { reportIntervalMs: 600_000 })
  const token = await tokenFor(relay, 'db', 'more')
  const { hcmId } = await control.call('join', { token, endpoint: relay.relay.management, name: 'site' })
  await until('more', ({ Status }) => Status === 'Connected')
  const startedAtMs = performance.now()
  await administratorOf(relay).call('Hcms_RemoveHybridConnection', {
    params: { subscriptionId: subscriptionOf(relay), hcmId },
    body: { hybridConnectionId: idOf(relay, 'more') },
  })
  while ((await control.call('list', {})).length > 1);
  assert.ok(performance.now() - startedAtMs < 4_000)
  assert.equal(await ask(relay, 'db', 'x'), 'one x')
})

test('where it cannot sign in because nobody answers, it still stops at once', async (t) => {
  const relay = await startBedRelay(0, [{ name: 'db', userMetadata: metadataOf('127.0.0.1:9') }])
  const { control, hcm, folder } = await startBed(t)
  await control.call('join', { token: await tokenFor(relay, 'db'), endpoint: relay.relay.management, name: 'site' })
  await hcm.stop({ graceMs: 0 })
  const { port } = new URL(relay.relay.management)
  await relay[Symbol.asyncDispose]()
  const sockets = new Set<Socket>()
  const silent = createServer((socket) => sockets.add(socket.on('error', () => {}))).listen(Number(port), '127.0.0.1')
  t.after(() => {
    silent.close()
    for (const socket of sockets) socket.destroy()
  })
  const again = await startBed(t, { folder })
  // Who reports, and who listens.
  while (sockets.size < 2) await once(silent, 'connection', { signal: signal() })
  const startedAtMs = performance.now()
  await again.hcm.stop({ graceMs: 0 })
  const tookMs = performance.now() - startedAtMs
  assert.ok(tookMs < 5_000, `${tookMs} ms`)
})
