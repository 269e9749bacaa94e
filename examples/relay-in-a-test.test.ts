// How the tests of a program that uses hybrid connections get a relay: in this process, in memory, on a free port.
//
//   node --test --conditions=@postern/source examples/relay-in-a-test.test.ts
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:https'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { connect, Listener } from '@postern/client'
import { createSharedAccessSignature, isRelayError, parseConnectionString } from '@postern/protocol'
import { type RunningRelay, startRelay } from '@postern/server'

let relay: RunningRelay
let listener: Listener

before(async () => {
  relay = await startRelay({
    resources: {
      namespaces: [{ name: 'local', default: true, hybridConnections: [{ name: 'echo' }, { name: 'nobody' }] }],
    },
    // Any option of the relay: short times make failures quick.
    options: { acceptTimeout: '500ms' },
  })
  listener = new Listener({
    ...access('echo', 'listen'),
    onConnection: async (connection) => {
      const stream = await connection.accept()
      stream.pipe(stream)
    },
    onRequest: (incoming, response) => response.end(`${incoming.method} ${incoming.url}\n`),
  })
  await listener.open()
})

after(async () => {
  await listener.close()
  await relay.stop()
})

/** What the constructor of a Listener or Sender wants to know of one hybrid connection. */
function access(name: string, right: 'listen' | 'send'): { connectionString: string; tls: { ca: string } } {
  const found = relay.hybridConnections().find((hybridConnection) => hybridConnection.name === name)
  return { connectionString: found?.[right] ?? assert.fail(`no ${name}`), tls: { ca: relay.caPem ?? '' } }
}

test('what a sender says comes back', async () => {
  const stream = await connect(access('echo', 'send'))
  stream.end('hello')
  assert.equal(await text(stream), 'hello')
})

test('an HTTP request is answered by the listener', async () => {
  const { connectionString, tls } = access('echo', 'send')
  const { keyName = '', key = '' } = parseConnectionString(connectionString)
  const token = createSharedAccessSignature({
    resourceUri: 'http://localhost/echo',
    keyName,
    key,
    expiresAtSeconds: Math.floor(Date.now() / 1000) + 60,
    hmacSha256: (secret, message) => createHmac('sha256', secret).update(message).digest(),
  })
  const outgoing = request(`${relay.data}/echo/time?zone=utc`, {
    ...tls,
    headers: { ServiceBusAuthorization: token },
    agent: false,
  }).end()
  const [response] = await once(outgoing, 'response')
  assert.equal(response.statusCode, 200)
  assert.equal(await text(response), 'GET /echo/time?zone=utc\n')
})

test('without a listener a sender is told so', async () => {
  await assert.rejects(connect(access('nobody', 'send')), (error) => isRelayError(error, 'NoListenersConnected'))
})
