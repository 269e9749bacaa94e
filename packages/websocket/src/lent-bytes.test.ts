import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { WebSocketEndpoint } from './web-socket-endpoint.ts'

/** Two joined TCP sockets: what of them is read into one buffer is read so here. */
async function pair(t: TestContext): Promise<readonly [Socket, Socket]> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [accepted] = (await once(server, 'connection')) as [Socket]
  t.after(() => {
    client.destroy()
    accepted.destroy()
    server.close()
  })
  return [client, accepted]
}

interface Heard {
  readonly chunks: Buffer[]
  readonly endpoint: WebSocketEndpoint
  bytes: number
  onBytes: () => void
}

function listen(stream: Socket, role: 'client' | 'server', lends: boolean): Heard {
  const heard: Heard = {
    chunks: [],
    bytes: 0,
    onBytes: () => {},
    endpoint: new WebSocketEndpoint({
      ...{ stream, role, lends },
      handler: {
        onMessageStart: () => {},
        onMessageData: (chunk) => {
          heard.chunks.push(Buffer.from(chunk))
          heard.bytes += chunk.length
          heard.onBytes()
        },
        onMessageEnd: () => {},
        onCloseFrame: () => {},
        onDrain: () => {},
        onEnd: () => {},
      },
    }),
  }
  return heard
}

function untilHeard(heard: Heard, bytes: number): Promise<void> {
  return new Promise((resolve) => {
    heard.onBytes = () => {
      if (heard.bytes >= bytes) resolve()
    }
    heard.onBytes()
  })
}

test('a handler that is lent its bytes hears nothing before it resumes, and then all of them in order', async (t) => {
  const [clientSocket, serverSocket] = await pair(t)
  const client = listen(clientSocket, 'client', true)
  const server = listen(serverSocket, 'server', false)
  const bytes = randomBytes(3_000_000)
  server.endpoint.sendBinary(bytes.subarray(0, 10))
  server.endpoint.sendBinary(bytes.subarray(10))
  for (let i = 0; i < 20; i += 1) await turn()
  assert.equal(client.bytes, 0)
  client.endpoint.resume()
  await untilHeard(client, bytes.length)
  assert.ok(Buffer.concat(client.chunks).equals(bytes))
})

test('a handler that pauses at the first byte is left alone, however much had been read before', async (t) => {
  const [clientSocket, serverSocket] = await pair(t)
  const server = listen(serverSocket, 'server', false)
  server.endpoint.sendBinary(randomBytes(2_000_000))
  await once(clientSocket, 'readable')
  const client = listen(clientSocket, 'client', true)
  client.onBytes = () => client.endpoint.pause()
  client.endpoint.resume()
  const { bytes } = client
  assert.ok(bytes > 0)
  for (let i = 0; i < 20; i += 1) await turn()
  assert.equal(client.bytes, bytes)
  client.endpoint.resume()
  await untilHeard(client, bytes + 1)
})

test('a client may use its memory again at once, however many messages are on their way', async (t) => {
  const [clientSocket, serverSocket] = await pair(t)
  const client = listen(clientSocket, 'client', false)
  const server = listen(serverSocket, 'server', false)
  const all: Buffer[] = []
  const memory = Buffer.alloc(70_000)
  for (const length of [10, 4095, 4096, 16_384, 65_535, 65_536, 70_000, 20_000, 1, 65_536, 40_001, 70_000]) {
    const message = randomBytes(length)
    all.push(message)
    memory.set(message)
    client.endpoint.sendBinary(memory.subarray(0, length))
    memory.fill(0)
  }
  const sent = Buffer.concat(all)
  await untilHeard(server, sent.length)
  assert.ok(Buffer.concat(server.chunks).equals(sent))
})

for (const [role, peer] of [
  ['client', 'server'],
  ['server', 'client'],
] as const) {
  test(`what a ${role} writes into lent memory arrives as it was, short or long, and a closed one takes it back`, async (t) => {
    const [ourSocket, peerSocket] = await pair(t)
    const ours = listen(ourSocket, role, false)
    const theirs = listen(peerSocket, peer, false)
    const all: Buffer[] = []
    for (const length of [10, 0, 125, 126, 4095, 4096, 65_535, 65_536, 100_000, 131_000, 1]) {
      const lent = ours.endpoint.lend()
      const message = randomBytes(length)
      all.push(message)
      lent.set(message)
      ours.endpoint.sendLent(lent, length)
    }
    const sent = Buffer.concat(all)
    await untilHeard(theirs, sent.length)
    assert.ok(Buffer.concat(theirs.chunks).equals(sent))
    ours.endpoint.abort()
    const lent = ours.endpoint.lend()
    assert.equal(ours.endpoint.sendLent(lent, 70_000), true)
  })
}
