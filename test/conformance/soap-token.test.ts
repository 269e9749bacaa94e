// The SOAP header RelayAccessToken as the token of HTTP requests: docs/guide/wcf.md, "The token in a SOAP header".
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { Agent } from 'node:https'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { Bridge } from '@postern/bridge'
import type { StartRelayOptions } from '@postern/server'
import { signToken, startTestRelay, type TestRelay } from '@postern/testkit'
import { answer, begin, send } from './http-client.ts'

const wsse = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd'
const connect = 'http://schemas.microsoft.com/netservices/2009/05/servicebus/connect'
const soap = 'http://schemas.xmlsoap.org/soap/envelope/'
const headers = { 'content-type': 'text/xml; charset=utf-8' }

const wrap = (token: string): string =>
  `<RelayAccessToken xmlns="${connect}"><t:BinarySecurityToken xmlns:t="${wsse}">${token}</t:BinarySecurityToken></RelayAccessToken>`
const base64 = (text: string): string => wrap(Buffer.from(text).toString('base64'))
const raw = (text: string): string => wrap(text.replaceAll('&', '&amp;'))
const envelope = (header: string, body = 'grüße'): string =>
  `<s:Envelope xmlns:s="${soap}"><s:Header>${header}<x>1</x></s:Header><s:Body>${body}</s:Body></s:Envelope>`

const listenerKey = 'bGlzdGVuZXItb25seS1rZXktb2YtdGhpcnR5LTItYnk='
const resources = {
  namespaces: [
    {
      name: 'local',
      default: true,
      rules: [
        { name: 'all', rights: ['Listen', 'Send', 'Manage'] },
        { name: 'listener', rights: ['Listen'], primaryKey: listenerKey },
      ],
      hybridConnections: [{ name: 'echo' }, { name: 'other' }],
    },
  ],
} satisfies StartRelayOptions['resources']

/** A relay, and a web service behind it that answers with what it got. */
async function open(options: Record<string, string | number | boolean> = { soapTokens: true }) {
  const stack = new AsyncDisposableStack()
  const relay: TestRelay = stack.use(await startTestRelay({ options, resources }))
  // Answers are bodies as they came.
  const server = createServer((request, response) => void request.pipe(response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  stack.defer(() => void server.close())
  const { port } = server.address() as AddressInfo
  const bridge = new Bridge({
    relay: { connectionString: relay.access().listen, tls: relay.tls },
    httpForwards: [`echo:http/127.0.0.1:${port}`],
  })
  await bridge.start()
  stack.defer(() => bridge.stop({ graceMs: 0 }))
  await bridge.online(AbortSignal.timeout(10_000))
  return {
    relay,
    token: signToken(relay.access().send),
    post: (body: string | Uint8Array, more: Record<string, string | number> = {}, path = '/echo/calls') =>
      send(relay, path, { method: 'POST', headers: { ...headers, ...more } }, body),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

test('a token in the SOAP header lets a request in, and the service gets every other byte', async () => {
  await using place = await open()
  for (const header of [base64(place.token), raw(place.token)]) {
    for (const body of ['grüße', 'y'.repeat(300_000)]) {
      const reply = await place.post(envelope(header, body))
      assert.deepEqual(
        [reply.status, reply.body.toString() === envelope('', body)],
        [200, true],
        reply.body.toString().slice(0, 500),
      )
    }
  }
})

test('a body of unknown length may come byte by byte', async () => {
  await using place = await open()
  const request = begin(place.relay, '/echo/calls', { method: 'POST', headers })
  const replied = answer(request)
  for (const byte of Buffer.from(envelope(base64(place.token)))) {
    if (!request.write(Buffer.of(byte))) await once(request, 'drain')
  }
  request.end()
  assert.equal((await replied).body.toString(), envelope(''))
})

test('a sender that waits for 100 Continue gets it before the token is known', async () => {
  await using place = await open()
  const request = begin(place.relay, '/echo/calls', { method: 'POST', headers: { ...headers, expect: '100-continue' } })
  request.flushHeaders()
  await once(request, 'continue', { signal: AbortSignal.timeout(10_000) })
  request.end(envelope(base64(place.token)))
  assert.equal((await answer(request)).status, 200)
})

test('refusals say what is wrong with the token or the envelope', async () => {
  await using place = await open()
  const rule = `Endpoint=sb://${place.relay.host};SharedAccessKeyName=listener;SharedAccessKey=${listenerKey}`
  const ofListener = signToken(`${rule};EntityPath=echo`)
  const ofOther = signToken(place.relay.access('other').send)
  const cases: readonly [body: string, status: number, text: RegExp][] = [
    [envelope(base64(ofListener)), 401, /MissingRight/],
    [envelope(base64(ofOther)), 401, /InvalidAudience/],
    [envelope(''), 401, /token is missing/],
    [envelope(base64('SharedAccessSignature nothing')), 401, /MalformedToken/],
    [envelope(base64(`${place.token.slice(0, -3)}xyz`)), 401, /./],
    [envelope(base64(place.token) + base64(place.token)), 401, /SOAP envelope cannot be read: it has two tokens/],
    [`<!DOCTYPE a>${envelope(base64(place.token))}`, 401, /it has a document type/],
    [envelope(`<y>${'z'.repeat(70_000)}</y>${base64(place.token)}`), 401, /it ends too early/],
  ]
  for (const [body, status, text] of cases) {
    const reply = await place.post(body)
    assert.deepEqual([reply.status, text.test(reply.body.toString())], [status, true], reply.body.toString())
    assert.ok(!reply.body.toString().includes(place.token))
  }
})

test('a request that has a token in another place is not looked into', async () => {
  await using place = await open()
  const body = envelope(base64('SharedAccessSignature bad'))
  const reply = await place.post(body, { ServiceBusAuthorization: place.token })
  assert.deepEqual([reply.status, reply.body.toString()], [200, body])
})

test('a connection goes on after a refusal, and after bodies that end where the head that is looked at ends', async () => {
  await using place = await open()
  using agent = Object.assign(new Agent({ keepAlive: true, maxSockets: 1 }), {
    [Symbol.dispose]: () => agent.destroy(),
  })
  const post = (body: string) => send(place.relay, '/echo/calls', { method: 'POST', headers, agent }, body)
  assert.equal((await post(envelope(''))).status, 401)
  const bare = Buffer.byteLength(envelope(base64(place.token), ''))
  for (const bytes of [65_535, 65_536, 65_537]) {
    const text = 'x'.repeat(bytes - bare)
    const reply = await post(envelope(base64(place.token), text))
    assert.deepEqual([reply.status, reply.body.toString() === envelope('', text)], [200, true])
  }
  assert.equal((await post(envelope(''))).status, 401)
})

test('without the option no body is read for a token', async () => {
  await using place = await open({})
  const reply = await place.post(envelope(base64(place.token)))
  assert.deepEqual([reply.status, /token is missing/.test(reply.body.toString())], [401, true])
})

test('a sender that stops in the middle of its envelope is refused in time', async () => {
  await using place = await open({ soapTokens: true, handshakeTimeout: '1s' })
  const request = begin(place.relay, '/echo/calls', { method: 'POST', headers: { ...headers, 'content-length': 500 } })
  request.on('error', () => {})
  request.write('<s:Envelope')
  assert.equal((await answer(request)).status, 408)
})
