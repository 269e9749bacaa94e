import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { silentLogger } from '@postern/program'
import { ListenerRegistry } from '../listeners/listener-registry.ts'
import { Counters } from '../telemetry/counters.ts'
import { EventStream } from './event-stream.ts'
import { MessageHub } from './message-hub.ts'

function hubOf(t: TestContext): MessageHub {
  const hub = new MessageHub({
    listeners: new ListenerRegistry(),
    counters: new Counters(),
    limits: { messageQueueBytes: 262_144, maxMessagesPerSecond: 1000 },
    log: silentLogger,
  })
  t.after(() => hub.close())
  return hub
}

/** A subscriber by HTTP, and the text that it gets. */
async function streamOf(t: TestContext, onClosed: (stream: EventStream) => void) {
  const server = createServer().listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const asking = get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', agent: false })
  const [, response] = (await once(server, 'request')) as [IncomingMessage, ServerResponse]
  const stream = new EventStream({
    response,
    headers: {},
    source: { remote: { address: '127.0.0.1', port: 1 }, isPrivate: false, trackingId: 'x' },
    admitted: {
      principal: { kind: 'anonymous' },
      expiresAtMs: Number.POSITIVE_INFINITY,
      tokenGraceMs: 0,
      reauthorize: () => assert.fail('nothing has changed'),
    },
    onClosing: () => {},
    onClosed,
  })
  const [answer] = (await once(asking, 'response')) as [IncomingMessage]
  answer.setEncoding('utf8')
  t.after(() => answer.destroy())
  return { stream, next: async () => String((await once(answer, 'data'))[0]) }
}

test('a stream of events on which nothing happens gets a comment line every 15 s, as long as it is there', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const hub = hubOf(t)
  const { stream, next } = await streamOf(t, (closed) => hub.removeStream(closed))
  assert.equal(await next(), ':\n\n')
  hub.addStream(stream)
  for (let i = 0; i < 3; i += 1) {
    const beat = next()
    t.mock.timers.tick(14_999)
    stream.deliver(Buffer.from('data: x\n\n'), 1)
    assert.equal(await beat, 'data: x\n\n', 'no comment came before')
    const comment = next()
    t.mock.timers.tick(1)
    assert.equal(await comment, ':\n\n')
  }
})
