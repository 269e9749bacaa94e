import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RelayError } from '@postern/protocol'
import { KeyedQueue } from '../../../storage/keyed-queue.ts'
import type { ArmBed, Json } from '../../arm-calls.contract.ts'
import {
  attach,
  openWebBed,
  putNamespace,
  putRelay,
  relayNamespace,
  relayPath,
  ruleWith,
  siteUrl,
} from '../web.contract.ts'
import { AppFeeds } from './app-feeds.ts'

const url = '/providers/Postern.Management/apps/self/hybridConnections?api-version=2026-11-01'

async function giveIdentity(bed: ArmBed, app: string): Promise<string> {
  const { json } = await bed.call('PATCH', siteUrl(app), { body: { identity: { type: 'SystemAssigned' } } })
  return json.identity.principalId
}

interface Feed {
  /** The data of the next event. */
  next(): Promise<Json>
  readonly ids: readonly string[]
  close(): Promise<void>
}

async function openFeed(bed: ArmBed, as: string, headers: Readonly<Record<string, string>> = {}): Promise<Feed> {
  const reply = await bed.call('GET', url, { as, headers: { accept: 'text/event-stream', ...headers } })
  assert.equal(reply.status, 200)
  const events = reply.events![Symbol.asyncIterator]()
  const ids: string[] = []
  return {
    ids,
    next: async () => {
      const { value, done } = await events.next()
      if (done) return 'ended'
      const [, id, data] = /^id: (\S+)\nevent: hybridConnections\ndata: (.*)\n\n$/.exec(value) ?? []
      ids.push(id ?? '')
      return JSON.parse(data ?? '')
    },
    close: async () => void (await events.return?.()),
  }
}

const names = (state: Json): string[] => state.value.map(({ name }: { name: string }) => name)

test('an app gets what it takes to send through its hybrid connections, and nobody else does', async () => {
  await using bed = await openWebBed({ relays: ['db', 'Sub/Mail'] })
  const app = await giveIdentity(bed, 'shop')
  for (const relay of ['db', 'sub/mail']) await attach(bed, 'shop', relay)
  const { status, json, headers } = await bed.call('GET', url, { as: app })
  assert.equal(status, 200)
  assert.deepEqual(json.app, { id: siteUrl('shop').split('?')[0], name: 'shop' })
  assert.deepEqual(json.value[1], {
    id: `${relayNamespace}/hybridConnections/Sub/Mail`,
    namespace: 'contoso',
    name: 'Sub/Mail',
    endpoint: { host: 'db.corp', port: 1433 },
    dataDoor: 'wss://contoso.relay.test:8443',
    connectionString:
      'Endpoint=sb://contoso.relay.test:8443/;SharedAccessKeyName=defaultSender;SharedAccessKey=send-1;EntityPath=Sub/Mail',
  })
  assert.equal(headers?.['ETag'], `"${json.revision}"`)
  const again = await bed.call('GET', url, { as: app, headers: { 'if-none-match': `"${json.revision}"` } })
  assert.deepEqual([again.status, again.json], [304, undefined])
  for (const as of ['owner', 'nobody']) assert.equal((await bed.call('GET', url, { as })).status, 404)
})

test('every change is told: attach, detach, key, endpoint, host, deletion', async () => {
  await using bed = await openWebBed({ relays: ['db', 'mail'] })
  const app = await giveIdentity(bed, 'shop')
  const feed = await openFeed(bed, app)
  assert.deepEqual(names(await feed.next()), [])
  await attach(bed, 'shop', 'db')
  assert.deepEqual(names(await feed.next()), ['db'])
  await attach(bed, 'shop', 'mail')
  assert.deepEqual(names(await feed.next()), ['db', 'mail'])
  const { createdAt } = bed.parts.catalog.get('contoso', 'db')!
  const rotated = ruleWith('defaultSender', ['Send'], ['new-1', 'new-2'])
  await putRelay(bed.store, 'db', { createdAt, rules: [rotated] })
  assert.match((await feed.next()).value[0].connectionString, /SharedAccessKey=new-1;/)
  await bed.call('PATCH', siteUrl('shop', relayPath('db')), { body: { properties: { port: 1434 } } })
  assert.equal((await feed.next()).value[0].endpoint.port, 1434)
  await bed.call('PATCH', siteUrl('shop', relayPath('db')), { body: { properties: { sendKeyValue: 'new-2' } } })
  assert.match((await feed.next()).value[0].connectionString, /SharedAccessKey=new-2;/)
  const namespace = bed.parts.catalog.namespaceByName('contoso')!
  await bed.store.put({ kind: 'namespace', value: { ...namespace, hosts: ['other.test'] } })
  assert.equal((await feed.next()).value[0].dataDoor, 'wss://other.test:8443')
  await putRelay(bed.store, 'db', { createdAt, rules: [] })
  assert.deepEqual(names(await feed.next()), ['mail'], 'without a key there is nothing to send with')
  await bed.store.delete('hc/contoso/mail')
  assert.deepEqual(names(await feed.next()), [])
  await bed.call('DELETE', siteUrl('shop', relayPath('mail')))
  await putRelay(bed.store, 'db', { createdAt, rules: [rotated] })
  assert.deepEqual(names(await feed.next()), ['db'])
  await feed.close()
})

test('what does not concern the app is not told, and several changes are told as one', async () => {
  await using bed = await openWebBed({ relays: ['db', 'mail'], apps: ['shop', 'blog'] })
  const app = await giveIdentity(bed, 'shop')
  await attach(bed, 'shop', 'db')
  const feed = await openFeed(bed, app)
  await feed.next()
  await attach(bed, 'blog', 'mail')
  await bed.call('PATCH', siteUrl('shop'), { body: { tags: { a: 'b' } } })
  await putNamespace(bed.store, 'other')
  for (let port = 1; port <= 50; port += 1) {
    await bed.call('PATCH', siteUrl('shop', relayPath('db')), { body: { properties: { port } } })
  }
  assert.equal((await feed.next()).value[0].endpoint.port, 50)
  assert.equal(feed.ids.length, 2)
  await feed.close()
})

test('a client that resumes gets what it missed at once, and nothing twice', async () => {
  await using bed = await openWebBed({ relays: ['db', 'mail'] })
  const app = await giveIdentity(bed, 'shop')
  await attach(bed, 'shop', 'db')
  const first = await openFeed(bed, app)
  await first.next()
  await first.close()
  const [id = ''] = first.ids
  const second = await openFeed(bed, app, { 'last-event-id': id })
  const pending = second.next()
  await attach(bed, 'shop', 'mail')
  assert.deepEqual(names(await pending), ['db', 'mail'])
  await second.close()
  const third = await openFeed(bed, app, { 'last-event-id': id })
  assert.deepEqual(names(await third.next()), ['db', 'mail'])
  await third.close()
})

test('a long poll answers with a change, or with 304 when the time is over', async () => {
  await using bed = await openWebBed()
  const app = await giveIdentity(bed, 'shop')
  const { revision } = (await bed.call('GET', url, { as: app })).json
  const pending = bed.call('GET', `${url}&wait=30s&after=${revision}`, { as: app })
  await attach(bed, 'shop', 'db')
  const changed = await pending
  assert.deepEqual([changed.status, names(changed.json)], [200, ['db']])
  assert.equal((await bed.call('GET', `${url}&wait=30s&after=${revision}`, { as: app })).status, 200, 'at once')
  const same = await bed.call('GET', `${url}&wait=1&after=${changed.json.revision}`, { as: app })
  assert.deepEqual([same.status, same.headers?.['ETag']], [304, `"${changed.json.revision}"`])
  assert.equal((await bed.call('GET', `${url}&wait=soon`, { as: app })).status, 400)
})

test('a feed ends with the identity of its app, with its right to sign in, and with its token', async () => {
  await using bed = await openWebBed()
  const { directory } = bed.parts.identity
  const ends: ((app: string) => Promise<unknown>)[] = [
    () => bed.call('PATCH', siteUrl('shop'), { body: { identity: { type: 'None' } } }),
    (app) => directory.setEnabled(app, false),
    () => bed.call('DELETE', siteUrl('shop')),
  ]
  for (const end of ends) {
    const app = await giveIdentity(bed, 'shop')
    if (directory.find(app)?.isEnabled === false) await directory.setEnabled(app, true)
    const feed = await openFeed(bed, app)
    await feed.next()
    const pending = feed.next()
    await end(app)
    assert.equal(await pending, 'ended')
    if (directory.find(app)) await directory.setEnabled(app, true)
  }
})

test('a feed ends when its token does', async () => {
  await using bed = await openWebBed()
  const id = await giveIdentity(bed, 'shop')
  const feeds = new AppFeeds({ ...bed.parts, planQueue: new KeyedQueue() })
  const caller = { id, expiresAtMs: Date.now() + 50 }
  const states = feeds.follow({ caller, after: undefined, signal: new AbortController().signal })
  assert.equal((await states.next()).done, false)
  assert.equal((await states.next()).done, true)
  assert.equal(feeds.size, 0)
})

test('an app has a bounded number of feeds, and those that went away leave their place', async () => {
  await using bed = await openWebBed()
  const id = await giveIdentity(bed, 'shop')
  const feeds = new AppFeeds({ ...bed.parts, planQueue: new KeyedQueue() })
  const caller = { id, expiresAtMs: Number.POSITIVE_INFINITY }
  const gone = new AbortController()
  const open = () => feeds.follow({ caller, after: undefined, signal: gone.signal })
  // The half of them is never read from.
  const opened = Array.from({ length: 64 }, open)
  for (const states of opened.slice(32)) await states.next()
  assert.throws(open, (error) => error instanceof RelayError && error.code === 'TooManyFeeds')
  await opened[40]!.return(undefined)
  open()
  assert.throws(open)
  gone.abort()
  for (const states of opened) await states.next()
  assert.equal(feeds.size, 0)
})
