import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { type ConnectionRequest, Listener, type RelayedConnection, Sender } from '@postern/client'
import { StubRelay } from '@postern/testkit'
import { Bridge } from './bridge.ts'

// What azbridge says and expects, byte for byte as it was recorded (azbridge 693a395), with each of its roles played by a
// plain listener or sender.

const signal = (): AbortSignal => AbortSignal.timeout(10_000)

/** Collects what a peer says until a number of bytes has come; `ended` resolves at its end. */
function hear(connection: RelayedConnection) {
  let heard = Buffer.alloc(0)
  let changed = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<string>()
  connection.open({
    onData: (chunk) => {
      heard = Buffer.concat([heard, chunk])
      changed.resolve()
      changed = Promise.withResolvers()
    },
    onEof: () => ended.resolve('end'),
    onDrain: () => {},
    onClosed: (error) => ended.resolve(error?.message ?? 'end'),
  })
  return {
    ended: ended.promise,
    async bytes(count: number): Promise<string> {
      while (heard.length < count) await changed.promise
      const taken = heard.subarray(0, count).toString('latin1')
      heard = heard.subarray(count)
      return taken
    },
  }
}

async function listen(relay: StubRelay, onConnection: (request: ConnectionRequest) => unknown): Promise<Listener> {
  const listener = new Listener({ ...relay.location, path: 'site', onConnection })
  await listener.open({ signal: signal() })
  return listener
}

test('UDP as the sender: preamble of two messages, length before each datagram', async () => {
  await using relay = await StubRelay.start()
  const accepted = Promise.withResolvers<RelayedConnection>()
  await using _ = await listen(relay, async (request) => accepted.resolve(await request.acceptRaw()))
  await using bridge = new Bridge({ relay: relay.location, localForwards: ['127.0.0.1:0U/5000U:site'] })
  await bridge.start()
  const client = createSocket('udp4').unref()
  const port = Number(/(\d+)U$/.exec(bridge.status[0]?.addresses[0] ?? '')?.[1])
  client.send('dgram', port, '127.0.0.1')
  const connection = await accepted.promise
  const far = hear(connection)
  assert.equal(await far.bytes(9), '\x01\x00\x01\x055000U')
  connection.send(Buffer.from([1, 0, 1]))
  assert.equal(await far.bytes(7), '\x00\x05dgram')
  const answered = once(client, 'message', { signal: signal() })
  connection.send(Buffer.from('\x00\x06answer'))
  assert.equal(String((await answered)[0]), 'answer')
  client.close()
})

test('UDP as the listener: 01 00 01, then length before each datagram', async () => {
  await using relay = await StubRelay.start()
  const service = createSocket('udp4')
  service.on('message', (datagram, from) => service.send(`re: ${String(datagram)}`, from.port, from.address))
  service.bind(0, '127.0.0.1')
  await once(service, 'listening')
  await using bridge = new Bridge({
    relay: relay.location,
    remoteForwards: [`site:5000U/127.0.0.1:${service.address().port}U`],
  })
  await bridge.start()
  await bridge.online(signal())
  const connection = await new Sender({ ...relay.location, path: 'site' }).connectRaw({ signal: signal() })
  const far = hear(connection)
  connection.send(Buffer.from([1, 0, 1, 5]))
  connection.send(Buffer.from('5000U'))
  assert.equal(await far.bytes(3), '\x01\x00\x01')
  connection.send(Buffer.from('\x00\x05dgram'))
  assert.equal(await far.bytes(11), '\x00\x09re: dgram')
  connection.end()
  assert.equal(await far.ended, 'end')
  service.close()
})

for (const { what, target, asked, answer } of [
  { what: 'UDP asked of TCP', target: 'a/127.0.0.1:9', asked: 1, answer: '\x00\x00\xff' },
  { what: 'TCP asked of UDP', target: 'a/127.0.0.1:9U', asked: 0, answer: '\x00\x00\x01' },
]) {
  test(`${what} is answered as azbridge answers it`, async () => {
    await using relay = await StubRelay.start()
    await using bridge = new Bridge({ relay: relay.location, remoteForwards: [`site:${target};b/127.0.0.1:9`] })
    await bridge.start()
    await bridge.online(signal())
    const connection = await new Sender({ ...relay.location, path: 'site' }).connectRaw({ signal: signal() })
    const far = hear(connection)
    connection.send(Buffer.from([1, 0, asked, 1]))
    connection.send(Buffer.from('a'))
    assert.equal(await far.bytes(3), answer)
  })
}

test('a listener that ends without an answer, as azbridge does, is followed by the next one that is chosen', async () => {
  await using relay = await StubRelay.start()
  let asked = 0
  await using _ = await listen(relay, async (request) => {
    const connection = await request.acceptRaw()
    asked += 1
    const far = hear(connection)
    assert.equal(await far.bytes(5), '\x01\x00\x00\x01a')
    if (asked === 3) connection.send(Buffer.from('\x01\x00\x00here'))
    connection.end()
  })
  await using bridge = new Bridge({ relay: relay.location, localForwards: ['127.0.0.1:0/a:site'] })
  await bridge.start()
  const client = connect(Number(bridge.status[0]?.addresses[0]?.split(':')[1]), '127.0.0.1')
  const [said] = await once(client, 'data', { signal: signal() })
  assert.equal(String(said), 'here')
  assert.equal(asked, 3)
  client.destroy()
})
