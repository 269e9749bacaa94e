// What a connector with the identity of an app is told, over TLS at the management door.
import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { test } from 'node:test'
import { startTestRelay, type TestRelay } from '@postern/testkit'
import { head } from './http-client.ts'
import {
  type ManagementClient,
  managementClient,
  managementRequest,
  managementToken,
  signInOwner,
} from './management-client.ts'

const url = '/providers/Postern.Management/apps/self/hybridConnections?api-version=2026-11-01'
const group = '/subscriptions/s/resourceGroups/g'
const site = `${group}/providers/Microsoft.Web/sites/shop`
const attachment = `${site}/hybridConnectionNamespaces/contoso/relays/db?api-version=2025-05-01`

/** What a change may take until the connector has it. */
const soonMs = 1000

// oxlint-disable-next-line typescript/no-explicit-any
type Json = any

interface Feed {
  readonly response: IncomingMessage
  readonly ids: string[]
  /** The data of the next event; undefined at the end. */
  next(): Promise<Json>
}

/** Opens the events of an app; a comment that keeps proxies awake is passed over. */
async function openFeed(relay: TestRelay, token: string, lastEventId?: string): Promise<Feed> {
  const headers = { Accept: 'text/event-stream', ...(lastEventId !== undefined && { 'Last-Event-ID': lastEventId }) }
  const request = httpsRequest(managementRequest(relay, url, token, headers))
  request.on('error', () => {})
  request.end()
  const response = await head(request)
  assert.equal(response.statusCode, 200)
  assert.equal(response.headers['content-type'], 'text/event-stream')
  const chunks = response.setEncoding('utf8')[Symbol.asyncIterator]()
  const ids: string[] = []
  let text = ''
  const next = async (): Promise<Json> => {
    for (;;) {
      const end = text.indexOf('\n\n')
      if (end >= 0) {
        const event = new Map(
          text
            .slice(0, end)
            .split('\n')
            .map((line) => /^(\w*): ?(.*)$/.exec(line)?.slice(1) as [string, string]),
        )
        text = text.slice(end + 2)
        const data = event.get('data')
        if (data === undefined) continue
        ids.push(event.get('id') ?? '')
        return JSON.parse(data)
      }
      const chunk = await chunks.next().catch(() => ({ done: true, value: '' }))
      if (chunk.done) return undefined
      text += String(chunk.value)
    }
  }
  return { response, ids, next }
}

/** The next event, which has to come soon. */
async function soon(feed: Feed): Promise<Json> {
  const begin = performance.now()
  const state = await feed.next()
  assert.ok(performance.now() - begin < soonMs, 'it came late')
  return state
}

interface SignedInApp {
  readonly owner: ManagementClient
  readonly principalId: string
  readonly token: string
}

/** A namespace with a hybrid connection, an app in a plan, and a token of the app. */
async function setUp(relay: TestRelay): Promise<SignedInApp> {
  const owner = await signInOwner(relay)
  const location = 'westus2'
  await owner.done('PUT', `${group}?api-version=2021-04-01`, { location })
  const properties = { userMetadata: '[{"key":"endpoint","value":"db.corp:1433"}]' }
  const namespace = `${group}/providers/Microsoft.Relay/namespaces/contoso`
  await owner.done('PUT', `${namespace}?api-version=2021-11-01`, { location })
  await owner.done('PUT', `${namespace}/hybridConnections/db?api-version=2021-11-01`, { properties })
  const rule = `${namespace}/hybridConnections/db/authorizationRules/defaultSender`
  await owner.done('PUT', `${rule}?api-version=2021-11-01`, { properties: { rights: ['Send'] } })
  const plan = `${group}/providers/Microsoft.Web/serverfarms/plan`
  await owner.done('PUT', `${plan}?api-version=2025-05-01`, { location })
  const { identity } = await owner.done('PUT', `${site}?api-version=2025-05-01`, {
    location,
    identity: { type: 'SystemAssigned' },
    properties: { serverFarmId: plan },
  })
  const credential = await owner.done('POST', `${site}/connectorCredentials?api-version=2026-11-01`)
  return { owner, principalId: identity.principalId, token: await managementToken(relay, credential) }
}

const names = (state: Json): string[] => state.value.map(({ name }: { name: string }) => name)

test('a connector that signs in as its app follows attach, key rotation, endpoint and detach within a second', async () => {
  await using relay = await startTestRelay()
  const { owner, token } = await setUp(relay)
  const feed = await openFeed(relay, token)
  assert.deepEqual(names(await soon(feed)), [])
  await owner.done('PUT', attachment, { properties: {} })
  const attached = await soon(feed)
  assert.deepEqual(attached.value[0].endpoint, { host: 'db.corp', port: 1433 })
  const rule = `${group}/providers/Microsoft.Relay/namespaces/contoso/hybridConnections/db/authorizationRules/defaultSender`
  const keys = await owner.done('POST', `${rule}/regenerateKeys?api-version=2021-11-01`, { keyType: 'PrimaryKey' })
  const rotated = await soon(feed)
  assert.equal(rotated.value[0].connectionString, keys.primaryConnectionString)
  await owner.done('PATCH', attachment, { properties: { port: 1434 } })
  assert.equal((await soon(feed)).value[0].endpoint.port, 1434)
  await owner.done('DELETE', attachment)
  assert.deepEqual(names(await soon(feed)), [])
  assert.equal(new Set(feed.ids).size, 4, 'an empty list is the same one again')
  feed.response.destroy()
})

test('a connector that comes back says what it has, and gets only what is new', async () => {
  await using relay = await startTestRelay()
  const { owner, token } = await setUp(relay)
  const first = await openFeed(relay, token)
  await soon(first)
  first.response.destroy()
  await owner.done('PUT', attachment, { properties: {} })
  const second = await openFeed(relay, token, first.ids[0])
  assert.deepEqual(names(await soon(second)), ['db'])
  second.response.destroy()
  const third = await openFeed(relay, token, second.ids[0])
  const pending = third.next()
  await owner.done('PATCH', attachment, { properties: { port: 9 } })
  assert.equal((await pending).value[0].endpoint.port, 9, 'nothing came before it')
  third.response.destroy()
  const app = managementClient(relay, token)
  const poll = app.call('GET', `${url}&wait=20s&after=${third.ids[0]}`)
  await owner.done('DELETE', attachment)
  assert.deepEqual(names((await poll).json), [])
})

test('a feed ends when the app loses its identity, and with the relay', async () => {
  await using relay = await startTestRelay()
  const { owner, token, principalId } = await setUp(relay)
  const feed = await openFeed(relay, token)
  await soon(feed)
  await relay.relay.server.identity.directory.setEnabled(principalId, false)
  assert.equal(await soon(feed), undefined)
  assert.equal((await managementClient(relay, token).call('GET', url)).status, 401)
  await relay.relay.server.identity.directory.setEnabled(principalId, true)
  const other = await openFeed(relay, token)
  await soon(other)
  const ended = other.next()
  assert.equal((await owner.call('GET', url)).status, 404, 'the owner is no app')
  await relay.relay.stop()
  assert.equal(await ended, undefined)
})
