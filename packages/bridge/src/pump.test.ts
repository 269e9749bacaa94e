import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { NetSocket, Pump, type PumpResult, type TunnelConnection } from '@postern/carrier'
import { Listener, Sender } from '@postern/client'
import { StubRelay } from '@postern/testkit'

const signal = () => AbortSignal.timeout(10_000)

/** A client's socket whose server has cut it, after its last event. */
async function cutByServer(): Promise<Socket> {
  const server = createServer((socket) => socket.once('data', () => socket.resetAndDestroy())).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => {})
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.write('x')
  await closed
  server.close()
  return socket
}

test('a TCP side that was cut before it was joined cuts the relayed connection', async () => {
  const socket = await cutByServer()
  const result = Promise.withResolvers<PumpResult>()
  await using relay = await StubRelay.start()
  await using listener = new Listener({
    ...relay.location,
    path: 'db',
    onConnection: async (request) => {
      new Pump({
        socket: new NetSocket(socket),
        connection: await request.acceptRaw(),
        onClosed: result.resolve,
      }).start()
    },
  })
  await listener.open({ signal: signal() })
  const sender = await new Sender({ ...relay.location, path: 'db' }).connect({ signal: signal() })
  const [error] = await once(sender.resume(), 'error', { signal: signal() })
  assert.match(String(error), /cut/)
  assert.match(String((await result.promise).error), /cut/)
})

test('a TCP side that does not read is given no pile of tiny writes, and all of them in the end', async (t) => {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  const socket = connect({ port: (server.address() as { port: number }).port, host: '127.0.0.1', allowHalfOpen: true })
  const [other] = (await accepted) as [Socket]
  t.after(() => {
    socket.destroy()
    other.destroy()
    server.close()
  })
  let isPaused = false
  const resumed = Promise.withResolvers<void>()
  const connection: TunnelConnection = {
    ...{ trackingId: 't', protocol: undefined, bufferedBytes: 0, send: () => true },
    ...{ open() {}, end() {}, fail() {}, abort() {} },
    pause: () => (isPaused = true),
    resume: () => resumed.resolve(),
  }
  const pump = new Pump({ socket: new NetSocket(socket), connection, onClosed: () => {} })
  pump.start()
  // The kernel takes what it can.
  while (socket.writableLength === 0) {
    socket.write(Buffer.alloc(65_536))
    await new Promise((resolve) => setImmediate(resolve))
  }
  const write = t.mock.method(socket, 'write')
  let bytes = 0
  for (; !isPaused && bytes < 300_000; bytes += 1) pump.onData(Buffer.from('x'))
  await new Promise((resolve) => setImmediate(resolve))
  assert.ok(isPaused, `${bytes} bytes wait`)
  assert.ok(write.mock.callCount() <= 1, `${write.mock.callCount()} writes`)
  other.resume()
  await resumed.promise
})
