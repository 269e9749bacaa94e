import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingMessage, request } from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { PosternProcess, signToken, startTestRelay, type TestRelay } from '@postern/testkit'
import { Bridge } from '../bridge.ts'

const signal = (): AbortSignal => AbortSignal.timeout(10_000)

async function listening(server: Server): Promise<{ readonly port: number } & AsyncDisposable> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as { port: number }).port,
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}

async function startForward(relay: TestRelay, port: number): Promise<Bridge> {
  const { listen } = relay.access()
  const bridge = new Bridge({
    relay: { connectionString: listen, tls: false },
    httpForwards: [`echo:http/127.0.0.1:${port}`],
  })
  await bridge.start()
  await bridge.online(signal())
  return bridge
}

const plain = { options: { tls: 'off' as const } }

function begin(relay: TestRelay, method: string) {
  const headers = { ServiceBusAuthorization: signToken(relay.access().send) }
  return request(`http://${relay.host}/echo/`, { method, headers, signal: signal() })
}

async function get(relay: TestRelay): Promise<IncomingMessage> {
  const outgoing = begin(relay, 'GET')
  outgoing.end()
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
  return incoming
}

const part = Buffer.alloc(100_000, 'a part of it ')

/** How a web service says where its answer ends. */
const framings = {
  'a length': ['HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n', part],
  chunks: ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nf4240\r\n', part],
  'the end of the connection': ['HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n', part],
} as const

for (const [name, [head, body]] of Object.entries(framings)) {
  test(`an answer that ends by ${name} and is cut is cut for the caller too`, async () => {
    await using relay = await startTestRelay(plain)
    const hasSome = Promise.withResolvers<void>()
    await using service = await listening(
      createServer((socket) => {
        socket.once('data', () => {
          socket.write(head)
          socket.write(body)
          void hasSome.promise.then(() => socket.resetAndDestroy())
        })
      }),
    )
    await using _ = await startForward(relay, service.port)
    const incoming = await get(relay)
    incoming.once('data', () => hasSome.resolve())
    await assert.rejects(buffer(incoming), { code: 'ECONNRESET' })
  })
}

test('an answer that ends with its connection is whole', async () => {
  await using relay = await startTestRelay(plain)
  const [head, body] = framings['the end of the connection']
  await using service = await listening(
    createServer((socket) => {
      socket.once('data', () => {
        socket.write(head)
        socket.end(body)
      })
    }),
  )
  await using _ = await startForward(relay, service.port)
  assert.ok((await buffer(await get(relay))).equals(body))
})

test('a request that its caller cuts is cut for the web service too', async () => {
  await using relay = await startTestRelay(plain)
  const came = Promise.withResolvers<IncomingMessage>()
  await using service = await listening(createHttpServer((incoming) => came.resolve(incoming)))
  await using _ = await startForward(relay, service.port)
  const outgoing = begin(relay, 'POST')
  outgoing.on('error', () => {})
  outgoing.write(part)
  const incoming = await came.promise
  const body = buffer(incoming)
  incoming.once('data', () => outgoing.destroy())
  await assert.rejects(body, { code: 'ECONNRESET' })
})

test('an answer whose forwarder is killed is cut for the caller', async (t) => {
  await using relay = await startTestRelay(plain)
  await using service = await listening(
    createServer((socket) => {
      socket.once('data', () => {
        for (const piece of framings.chunks) socket.write(piece)
      })
    }),
  )
  const env = { POSTERN_CONNECTION_STRING: relay.access().listen }
  const forward = `echo:http/127.0.0.1:${service.port}`
  const bridge = new PosternProcess(['bridge', '--no-tls', '--json', '-H', forward], { env })
  t.after(() => bridge[Symbol.asyncDispose]())
  await bridge.waitFor('stderr', /forwarder\.online/)
  const incoming = await get(relay)
  incoming.once('data', () => bridge.kill('SIGKILL'))
  await assert.rejects(buffer(incoming), { code: 'ECONNRESET' })
})
