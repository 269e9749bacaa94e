import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { StubRelay } from '@postern/testkit'
import { Bridge } from '../bridge.ts'

const signal = (): AbortSignal => AbortSignal.timeout(30_000)

async function openUdp(t: TestContext): Promise<Socket> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  t.after(() => socket.close())
  return socket
}

/** Asks again and again, as whoever uses UDP has to; resolves with the answer to this word. */
async function ask(client: Socket, port: number, word: string): Promise<string> {
  const timer = setInterval(() => client.send(word, port, '127.0.0.1'), 100)
  try {
    for (;;) {
      const [answer] = (await once(client, 'message', { signal: signal() })) as [Buffer]
      const [heard, seenAs = ''] = answer.toString().split(' ')
      if (heard === word) return seenAs
    }
  } finally {
    clearInterval(timer)
  }
}

test('a UDP session goes on with the same socket at the target when the relay dies and comes back', async (t) => {
  const first = await StubRelay.start()
  const service = await openUdp(t)
  service.on('message', (word, from) => service.send(`${String(word)} ${from.port}`, from.port, from.address))
  const { port: relayPort, location: relay } = first
  await using remote = new Bridge({ relay, remoteForwards: [`db:127.0.0.1:${service.address().port}U`] })
  await using local = new Bridge({ relay, localForwards: ['127.0.0.1:0U:db'] })
  await Promise.all([remote.start(), local.start()])
  await remote.online(signal())
  const port = Number(/:(\d+)U?$/.exec(local.status[0]?.addresses[0] ?? '')?.[1])
  const client = await openUdp(t)
  const before = await ask(client, port, 'before')
  await first.kill()
  await using _ = await StubRelay.start(relayPort)
  const closed = remote.status[0]?.connectionsTotal
  assert.equal(await ask(client, port, 'after'), before)
  assert.deepEqual([remote.status[0]?.connectionsTotal, local.status[0]?.connectionsTotal], [closed, closed])
})
