import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { Sender } from '@postern/client'
import { MessageQueue, signToken, startTestRelay } from '@postern/testkit'
import { Bridge } from '../bridge.ts'

const rules = [{ name: 'root', rights: ['Listen', 'Send', 'Manage'] }] as const
const actions = ['request', 'send', 'publish'] as const

test('a web service behind -H gets messages as requests, and survives that nobody takes its large answers', async () => {
  const hybridConnections = [{ name: 'echo', actions }]
  await using relay = await startTestRelay({
    resources: { namespaces: [{ name: 'local', default: true, rules, hybridConnections }] },
    options: { tls: 'off' },
  })
  const seen = new MessageQueue<string>()
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { 'sb-hc-delivery': delivery, 'sb-hc-message-id': id } = request.headers
    seen.push([request.method, request.url, delivery, id, await text(request)].join(' '))
    response.end(Buffer.alloc(1_000_000, 'answer'))
  }
  const service = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1')
  await once(service, 'listening')
  const { port } = service.address() as AddressInfo
  const bridge = new Bridge({
    relay: { connectionString: relay.access().listen, tls: false },
    httpForwards: [`echo:http/127.0.0.1:${port}`],
  })
  await bridge.start()
  await bridge.online(AbortSignal.timeout(10_000))

  const sender = new Sender({ connectionString: relay.access().send, tls: false })
  for (const action of ['send', 'publish', 'send', 'publish'] as const) {
    const { receivers, messageId } = await sender[action]('work', { suffix: 'jobs', query: 'x=1' })
    assert.equal(receivers, 1)
    assert.equal(await seen.next(10_000), `POST /jobs?x=1 ${action} ${messageId} work`)
  }
  const headers = { ServiceBusAuthorization: signToken(relay.access().send) }
  const signal = AbortSignal.timeout(10_000)
  const reply = await fetch(`http://${relay.host}/echo/still-there`, { headers, signal })
  assert.deepEqual([reply.status, (await reply.bytes()).length], [200, 1_000_000])

  await bridge[Symbol.asyncDispose]()
  service.closeAllConnections()
  service.close()
  await once(service, 'close')
})
