// Thousands of connections that end at every stage of their life leave nothing behind.
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { ScriptedListener, TestRelay } from '@postern/testkit'
import { metrics } from './metrics.ts'
import { refused } from './refused.ts'
import { type RelayProcess, startRelayProcess } from './relay-process.ts'
import { dialRaw, readAll, readUntil, until, upgradeHead } from './stranger.ts'

/** Lives at once. Each lane has a hybrid connection of its own, so that its listener hears only its own offers. */
const lanes = 10

/** Places in the namespace: one that is not given back is missed after this many lives at the latest. */
const places = 60

interface Lane {
  readonly relay: TestRelay
  /** Its hybrid connection, which takes senders without a token. */
  readonly name: string
  readonly listener: ScriptedListener
}

/** One relayed connection or request from its beginning to its end, whatever the end is. */
type Life = (lane: Lane) => Promise<unknown>

const post = (name: string, length: string): string => `POST /${name} HTTP/1.1\r\nHost: localhost\r\n${length}\r\n\r\n`
const get = (name: string): string => `GET /${name} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`

async function write({ relay }: Lane, text: string): Promise<Socket> {
  const socket = await dialRaw(relay)
  socket.write(text)
  return socket
}

/** A sender whose offer has reached the listener. */
async function offered(lane: Lane): Promise<{ sender: Socket; address: string }> {
  const sender = await write(lane, upgradeHead(`/$hc/${lane.name}`))
  return { sender, address: (await lane.listener.nextAccept()).address }
}

async function requested(lane: Lane): Promise<{ sender: Socket; address: string; id: string }> {
  const sender = await write(lane, get(lane.name))
  const { address, id } = await lane.listener.nextRequest()
  return { sender, address, id }
}

/** An upload that the listener is to fetch. */
async function uploading(lane: Lane): Promise<{ sender: Socket; address: string }> {
  const sender = await write(lane, post(lane.name, 'Transfer-Encoding: chunked'))
  const message = await lane.listener.messages.next()
  assert.ok(message.kind === 'requestAddress')
  return { sender, address: message.address }
}

const head = (id: string, body: boolean): string =>
  JSON.stringify({ response: { requestId: id, statusCode: 200, responseHeaders: {}, body } })

const lives: Readonly<Record<string, Life>> = {
  'a head that is never whole': async (lane) =>
    (await write(lane, upgradeHead(`/$hc/${lane.name}`).slice(0, -2))).destroy(),
  'a sender without a token': ({ relay }) => refused(relay.connect('echo', { headers: {} })),
  'a request without a token': async (lane) => readAll(await write(lane, get('echo'))),
  'a sender that goes before the accept': async (lane) => (await offered(lane)).sender.destroy(),
  'a sender that half-closes before the accept': async (lane) => {
    const { sender } = await offered(lane)
    sender.end()
    await readAll(sender)
  },
  'a sender that is rejected': async (lane) => {
    const { sender, address } = await offered(lane)
    await refused(lane.listener.rendezvous(`${address}&sb-hc-statusCode=403`))
    await readAll(sender)
  },
  'a rendezvous that is never used': async (lane) => readAll((await offered(lane)).sender),
  'a sender that goes while the listener arrives': async (lane) => {
    const { sender, address } = await offered(lane)
    sender.destroy()
    await lane.listener.rendezvous(address).then(
      ({ ended }) => ended,
      () => {},
    )
  },
  'a connection that its sender cuts': async (lane) => {
    const { sender, address } = await offered(lane)
    const rendezvous = await lane.listener.rendezvous(address)
    sender.destroy()
    await rendezvous.ended
  },
  'a connection that its listener cuts': async (lane) => {
    const { sender, address } = await offered(lane)
    ;(await lane.listener.rendezvous(address)).abort()
    await readAll(sender)
  },
  'a connection that ends in good order': async (lane) => {
    const pending = lane.relay.connect(lane.name, { headers: {} })
    const rendezvous = await lane.listener.rendezvous((await lane.listener.nextAccept()).address)
    const sender = await pending
    sender.text('x'.repeat(1000))
    await rendezvous.frames.next()
    sender.close(1000)
    rendezvous.close(1000)
    await Promise.all([sender.ended, rendezvous.ended])
  },
  'a connection whose sender breaks the protocol': async (lane) => {
    const { sender, address } = await offered(lane)
    const rendezvous = await lane.listener.rendezvous(address)
    sender.write(Buffer.alloc(64, 0xff))
    await Promise.all([readAll(sender), rendezvous.ended])
  },
  'a request whose sender goes before the response': async (lane) => (await requested(lane)).sender.destroy(),
  'a request that is answered': async (lane) => {
    const { sender, id } = await requested(lane)
    lane.listener.control.text(head(id, true))
    lane.listener.control.binary('x'.repeat(1000))
    await readAll(sender)
  },
  'a request that is never answered': async (lane) => readAll((await requested(lane)).sender),
  'a request whose rendezvous says nothing': async (lane) => {
    const { sender, address } = await requested(lane)
    await Promise.all([(await lane.listener.rendezvous(address)).ended, readAll(sender)])
  },
  'a response whose listener goes in the middle': async (lane) => {
    const { sender, address, id } = await requested(lane)
    const rendezvous = await lane.listener.rendezvous(address)
    rendezvous.text(head(id, true))
    rendezvous.send(2, 'a part', { fin: false })
    await readUntil(sender, 'a part')
    rendezvous.abort()
    await readAll(sender)
  },
  'a response whose sender goes in the middle': async (lane) => {
    const { sender, address, id } = await requested(lane)
    const rendezvous = await lane.listener.rendezvous(address)
    rendezvous.text(head(id, true))
    rendezvous.send(2, 'a part', { fin: false })
    await readUntil(sender, 'a part')
    sender.destroy()
    await rendezvous.ended
  },
  'a small upload that stops': async (lane) =>
    (await write(lane, `${post(lane.name, 'Content-Length: 10')}12345`)).destroy(),
  'a large upload that nobody fetches': async (lane) => (await uploading(lane)).sender.destroy(),
  'a large upload that stops in the middle': async (lane) => {
    const { sender, address } = await uploading(lane)
    const rendezvous = await lane.listener.rendezvous(address)
    sender.write('5\r\n12345\r\n')
    await rendezvous.frames.next()
    sender.destroy()
    await rendezvous.ended
  },
  'a large upload whose listener goes': async (lane) => {
    const { sender, address } = await uploading(lane)
    const rendezvous = await lane.listener.rendezvous(address)
    await rendezvous.frames.next()
    rendezvous.abort()
    await readAll(sender)
  },
  'a listener that goes with everything that waits for it': async (lane) => {
    const waiting = [await offered(lane), await requested(lane)]
    lane.listener.control.abort()
    await Promise.all(waiting.map(({ sender }) => readAll(sender)))
  },
  'an accept address that was made up': async (lane) => {
    const target = '/$hc/echo?sb-hc-action=accept&sb-hc-id=918ffc54-ff91-44fa-80f0-cbfb90ba4317_G0'
    await readAll(await write(lane, upgradeHead(target)))
  },
}

/** They wait for a time-out of the relay. */
const slow: ReadonlySet<string> = new Set([
  'a rendezvous that is never used',
  'a request that is never answered',
  'a request whose rendezvous says nothing',
])

async function start(test: TestContext, options: Record<string, string | number>): Promise<RelayProcess> {
  const names = Array.from({ length: lanes }, (_, at) => `lane-${at}`)
  const hybridConnections = [{ name: 'echo' }, ...names.map((name) => ({ name, requiresClientAuthorization: false }))]
  const rules = [{ name: 'Root', rights: ['Listen', 'Send'] }] as const
  const relay = await startRelayProcess({
    resources: { namespaces: [{ name: 'local', default: true, rules, hybridConnections }] },
    options: {
      acceptTimeout: '1s',
      httpResponseTimeout: '1s',
      maxConnectionsPerNamespace: places,
      refusalDelay: '20ms',
      // In memory it keeps the newest 10,000 records: more than there are lives here.
      audit: 'off',
      ...options,
    },
  })
  test.after(() => relay[Symbol.asyncDispose]())
  return relay
}

/** Lets each kind of life happen as often as `countOf` says, the slow ones less often. */
async function liveAll(relay: TestRelay, count: number): Promise<number> {
  let lived = 0
  for (const [kind, life] of Object.entries(lives)) {
    let left = slow.has(kind) ? Math.min(count, 2 * lanes) : count
    const lane = async (name: string): Promise<void> => {
      while (left > 0) {
        left -= 1
        lived += 1
        const listener = await relay.listen(name)
        await life({ relay, name, listener }).catch((cause: unknown) => {
          throw new Error(kind, { cause })
        })
        listener.control.abort()
      }
    }
    await Promise.all(Array.from({ length: lanes }, (_, at) => lane(`lane-${at}`)))
    for (const name of ['postern_pending_offers', 'postern_active_connections', 'postern_active_listeners']) {
      await until(async () => (await metrics(relay, name)) === 0, `${name} is 0 after ${kind}`)
    }
  }
  // One is the connection that asks.
  await until(async () => (await metrics(relay, 'postern_unauthorized_connections')) === 1, 'no stranger is left')
  return lived
}

/** Every place of the namespace can be taken at once. */
async function assertAllPlacesFree(relay: TestRelay): Promise<void> {
  const listener = await relay.listen('lane-0')
  const lane = { relay, name: 'lane-0', listener }
  const requests = []
  for (let at = 0; at < places; at++) requests.push(await requested(lane))
  for (const { sender } of requests) sender.destroy()
  listener.control.abort()
  await until(async () => (await metrics(relay, 'postern_active_connections')) === 0, 'all places are free again')
}

for (const [kind, tls, count] of [
  ['without TLS', 'off', 90],
  ['behind TLS', 'on', 10],
] as const) {
  test(`${kind}, nothing is left of connections that ended at every stage: no offer, place, timer, socket or memory`, async (t) => {
    const relay = await start(t, { tls })
    await liveAll(relay, lanes)
    const before = await relay.holdings()
    const lived = await liveAll(relay, count)
    await assertAllPlacesFree(relay)
    let after = await relay.holdings()
    await until(async () => {
      after = await relay.holdings()
      return JSON.stringify(after.resources) === JSON.stringify(before.resources)
    }, 'the same sockets and timers').catch(() => assert.deepEqual(after.resources, before.resources))
    const growth = after.bytes - before.bytes
    t.diagnostic(`${lived} lives, ${Math.round(growth / lived)} bytes each`)
    assert.ok(growth < 1024 * 1024, `${growth} bytes more after ${lived} lives`)
  })
}
