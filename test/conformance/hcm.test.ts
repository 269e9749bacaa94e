// Hybrid Connection Managers at both doors: enrolment, listening, reports, revocation, and who is told of it.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { loadOptions, silentLogger } from '@postern/program'
import { optionTable, relayConfig, runRelay } from '@postern/server'
import {
  MessageQueue,
  RawWebSocket,
  type ScriptedListener,
  signToken,
  type TestRelay,
  wrapRelay,
} from '@postern/testkit'
import { decodeClose, Opcode } from '@postern/websocket'
import { enrolAgent, type HcmAgent, makeEnrolmentToken, makeKeys, redeem } from './hcm-agent.ts'
import { type ManagementClient, signInOwner } from './management-client.ts'
import { refused } from './refused.ts'

const subscription = '/subscriptions/production'
const namespaceId = `${subscription}/resourceGroups/relay-rg/providers/Microsoft.Relay/namespaces/local`
const web = `${subscription}/resourceGroups/relay-rg/providers/Microsoft.Web`
const plan = `${web}/serverfarms/plan`
const webVersion = '?api-version=2025-05-01'
const hcmVersion = '?api-version=2026-11-01'
const webhookSecret = 'a secret of the webhook'

interface Site extends AsyncDisposable {
  readonly relay: TestRelay
  readonly owner: ManagementClient
  /** Enrols one for all hybrid connections of the site. */
  enrol(name: string): Promise<HcmAgent>
  /** Of a hybrid connection at the app `shop`. */
  details(name: string): Promise<unknown>
  hcm(agent: HcmAgent): Promise<ManagementAnswerJson>
}

// oxlint-disable-next-line typescript/no-explicit-any
type ManagementAnswerJson = any

/** A relay with hybrid connections, all of them attached to one app. */
async function openSite(names: readonly string[], webhookUrl?: string): Promise<Site> {
  // As the program is configured: a secret is taken from the environment only.
  const flags = { inMemory: true, dataPort: 0, managementPort: 0, bind: '127.0.0.1', refusalDelay: '0ms', webhookUrl }
  const env = { POSTERN_WEBHOOK_SECRET: webhookSecret }
  const config = relayConfig(loadOptions(optionTable, { flags, env }).values)
  const place = { subscription: 'production', resourceGroup: 'relay-rg', location: 'westeurope' }
  const hybridConnections = names.map((name) => ({
    name,
    endpoint: `${name}.corp:1433`,
    rules: [{ name: 'defaultSender', rights: ['Send' as const] }],
  }))
  const resources = { namespaces: [{ name: 'local', default: true, ...place, hybridConnections }] }
  const relay = wrapRelay(await runRelay(config, { log: silentLogger, resources }))
  const owner = await signInOwner(relay)
  const location = 'westeurope'
  await owner.done('PUT', `${plan}${webVersion}`, { location, sku: { name: 'S1' } })
  const site = `${web}/sites/shop`
  await owner.done('PUT', `${site}${webVersion}`, { location, properties: { serverFarmId: plan } })
  const attachment = (name: string): string => `${site}/hybridConnectionNamespaces/local/relays/${name}${webVersion}`
  for (const name of names) await owner.done('PUT', attachment(name), { properties: {} })
  const ids = names.map((name) => `${namespaceId}/hybridConnections/${name}`)
  return {
    relay,
    owner,
    enrol: async (name) => enrolAgent(relay, await makeEnrolmentToken(owner, { subscription, ids }), name),
    details: async (name) => pick((await owner.done('GET', attachment(name))).properties),
    hcm: async ({ hcmId }) =>
      (await owner.done('GET', `${subscription}/providers/Postern.Management/hcms/${hcmId}${hcmVersion}`)).properties,
    [Symbol.asyncDispose]: () => relay.relay.stop(),
  }
}

function pick({ status, target, listenerCount, hcmCount, warning }: ManagementAnswerJson): unknown {
  return { status, target, listenerCount, hcmCount, ...(warning !== undefined && { warning }) }
}

async function closeCode(listener: ScriptedListener): Promise<number | undefined> {
  for (;;) {
    const frame = await listener.others.next()
    if (frame.opcode === Opcode.close) return decodeClose(frame.payload).code
  }
}

/** Sends something through one listener and back: it is there and relays. */
async function relays(relay: TestRelay, listener: ScriptedListener): Promise<boolean> {
  const headers = { ServiceBusAuthorization: signToken(relay.access('db').send) }
  const pending = RawWebSocket.dial({ url: relay.url('db', 'sb-hc-action=connect'), headers, tls: relay.tls })
  const { address } = await listener.nextAccept()
  const rendezvous = await listener.rendezvous(address)
  const sender = await pending
  sender.text('through')
  const { payload } = await rendezvous.frames.next()
  sender.abort()
  return payload.toString() === 'through'
}

test('an HCM enrols with a one-time token, listens with its own key and is listed with what it reports', async () => {
  await using site = await openSite(['db'])
  const { relay, owner } = site
  assert.deepEqual(await site.details('db'), {
    status: 'NotConnected',
    target: 'Unknown',
    listenerCount: 0,
    hcmCount: 0,
  })
  const agent = await site.enrol('berlin')
  assert.equal((await site.hcm(agent)).status, 'NeverSeen')
  const listener = await agent.listen('db')
  assert.equal(await relays(relay, listener), true)
  assert.deepEqual(await site.details('db'), {
    status: 'Connected',
    target: 'Unknown',
    listenerCount: 1,
    hcmCount: 0,
  })
  for (const target of ['Reachable', 'Unreachable']) {
    assert.equal((await agent.report({ db: target })).status, 200)
    assert.deepEqual(await site.details('db'), { status: 'Connected', target, listenerCount: 1, hcmCount: 1 })
    const atPlan = `${plan}/hybridConnectionNamespaces/local/relays/db${webVersion}`
    assert.deepEqual(pick((await owner.done('GET', atPlan)).properties), await site.details('db'))
  }
  const list = await owner.done('GET', `${subscription}/providers/Postern.Management/hcms${hcmVersion}`)
  const [{ properties }] = list.value
  assert.deepEqual(
    [properties.displayName, properties.version, properties.address, properties.status],
    ['berlin', '1.2.3', '127.0.0.1', 'Online'],
  )
  assert.ok(Math.abs(Date.now() - Date.parse(properties.lastSeenAt)) < 60_000)
  const [entity] = properties.hybridConnections
  assert.deepEqual(
    [list.value.length, entity.name, entity.endpoint, entity.target],
    [1, 'db', 'db.corp:1433', 'Unreachable'],
  )
})

test('a listener that is no HCM is connected and says nothing of its target', async () => {
  await using site = await openSite(['db'])
  await site.relay.listen('db', { token: signToken(rootOf(site.relay)) })
  assert.deepEqual(await site.details('db'), {
    status: 'Connected',
    target: 'Unknown',
    listenerCount: 1,
    hcmCount: 0,
  })
})

test('control channels of one listener id are billed as one listener', async () => {
  await using site = await openSite(['db'])
  const token = signToken(rootOf(site.relay))
  for (const id of ['a', 'A', 'b']) await site.relay.listen('db', { token, id })
  const { listenerCount } = (await site.details('db')) as { listenerCount: number }
  assert.equal(listenerCount, 2)
})

test('revoking one HCM cuts it off at once and touches neither another one nor a listener with a signature', async () => {
  await using site = await openSite(['db'])
  const { relay, owner } = site
  const [first, second] = [await site.enrol('berlin'), await site.enrol('paris')]
  const doomed = await first.listen('db')
  const others = [await second.listen('db'), await relay.listen('db', { token: signToken(rootOf(relay)) })]
  for (const agent of [first, second]) assert.equal((await agent.report({ db: 'Reachable' })).status, 200)
  assert.deepEqual(await site.details('db'), {
    status: 'Connected',
    target: 'Reachable',
    listenerCount: 3,
    hcmCount: 2,
  })
  const revokedAtMs = performance.now()
  await owner.done('DELETE', `${subscription}/providers/Postern.Management/hcms/${first.hcmId}${hcmVersion}`)
  assert.equal(await closeCode(doomed), 1008)
  assert.equal((await refused(first.listen('db'))).status, 401)
  assert.ok(performance.now() - revokedAtMs < 5000)
  assert.equal((await first.report({ db: 'Reachable' })).status, 401)
  for (const listener of others) listener.control.send(Opcode.ping, 'are you there')
  for (const listener of others) assert.equal((await listener.others.next()).opcode, Opcode.pong)
  assert.equal((await second.report({ db: 'Reachable' })).status, 200)
  assert.deepEqual(await site.details('db'), {
    status: 'Connected',
    target: 'Reachable',
    listenerCount: 2,
    hcmCount: 1,
  })
  await second.listen('db')
})

test('a token that was used or has expired enrols nobody', async (t) => {
  await using site = await openSite(['db'])
  const { relay, owner } = site
  const ids = [`${namespaceId}/hybridConnections/db`]
  const { publicKey } = makeKeys()
  const used = await makeEnrolmentToken(owner, { subscription, ids })
  assert.equal((await redeem(relay, used, { name: 'berlin', publicKey })).status, 201)
  const expired = await makeEnrolmentToken(owner, { subscription, ids, expiresInSeconds: 60 })
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 61_000 })
  for (const token of [used, expired]) {
    const { status, json } = await redeem(relay, token, { name: 'paris', publicKey })
    assert.deepEqual([status, json.error.code], [403, 'EnrolmentTokenInvalid'])
  }
})

test('five hybrid connections on two HCMs are ten listeners, and the webhook is told once of each change', async (t) => {
  const startMs = Date.now()
  t.mock.timers.enable({ apis: ['Date'], now: startMs })
  await using hook = await openReceiver()
  const names = ['hc1', 'hc2', 'hc3', 'hc4', 'hc5']
  await using site = await openSite(names, hook.url)
  const agents = [await site.enrol('berlin'), await site.enrol('paris')] as const
  const [berlin, paris] = agents
  const reachable = Object.fromEntries(names.map((name) => [name, 'Reachable']))
  for (const agent of agents) {
    for (const name of names) await agent.listen(name)
    await agent.report(reachable)
  }
  const list = await site.owner.done('GET', `${plan}/hybridConnectionRelays${webVersion}`)
  const counts = list.value.map((each: ManagementAnswerJson) => each.properties.listenerCount)
  assert.deepEqual(counts, [2, 2, 2, 2, 2])
  t.mock.timers.setTime(startMs + 60_000)
  await paris.report(reachable)
  // Berlin was heard of 95 seconds ago, Paris 35; the relay looks every five seconds of the real time.
  t.mock.timers.setTime(startMs + 95_000)
  const told = [await hook.next(), await hook.next(), await hook.next()]
  assert.equal((await site.hcm(berlin)).status, 'Offline')
  await berlin.report(reachable)
  told.push(await hook.next())
  assert.equal((await site.hcm(berlin)).status, 'Online')
  t.mock.timers.setTime(startMs + 155_000)
  told.push(await hook.next())
  // What was told twice would stand before the last one.
  assert.deepEqual(told, [
    ['hcm.online', berlin.hcmId],
    ['hcm.online', paris.hcmId],
    ['hcm.offline', berlin.hcmId],
    ['hcm.online', berlin.hcmId],
    ['hcm.offline', paris.hcmId],
  ])
  const peaks: number[] = []
  site.relay.relay.server.store.onChange((change) => {
    if (change.kind !== 'put' || change.stored.document.kind !== 'namespaceUsage') return
    const { entities } = change.stored.document.value
    peaks.push(Object.values(entities).reduce((sum, { peakListeners }) => sum + peakListeners, 0))
  })
  await site.relay.relay.stop()
  assert.deepEqual(peaks, [10])
})

function rootOf(relay: TestRelay): string {
  const found = relay.relay.hybridConnections().find(({ name }) => name === 'db')
  return found?.listen ?? ''
}

/** Takes events of the webhook, each with a signature that is right. */
async function openReceiver(): Promise<
  AsyncDisposable & { readonly url: string; next(): Promise<readonly [event: string, hcmId: string]> }
> {
  const events = new MessageQueue<readonly [string, string]>()
  const receive = (body: string, signature: string): void => {
    const seconds = /^t=(\d+),/.exec(signature)?.[1] ?? ''
    const digest = createHmac('sha256', webhookSecret).update(`${seconds}.${body}`).digest('hex')
    if (signature === `t=${seconds},v1=${digest}`) {
      const { event, hcm } = JSON.parse(body) as { event: string; hcm: { id: string } }
      events.push([event, hcm.id])
    } else events.fail(new Error(`the signature is wrong: ${signature}`))
  }
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      receive(body, String(request.headers['postern-signature']))
      response.end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    next: () => events.next(8000),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
