import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { type BindRules, bindHost, type SocketSource } from './entrance.ts'
import { openStreamEntrance } from './stream-entrance.ts'

/** Sockets of another network, as far as a test can have one: the port that is asked for does not exist here. */
const elsewhere: SocketSource = {
  async listen(address, port) {
    assert.deepEqual([address, port], ['10.9.9.9', 22])
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return server
  },
  bind: () => Promise.resolve(createSocket('udp4')),
}

const unexpected = (): never => {
  throw new Error('this must not be called')
}

const rules: BindRules = { gatewayPorts: false, addressFamily: undefined, sockets: elsewhere }

test("azbridge's words for all addresses are understood, and a port without an address is loopback's", () => {
  const hostOf = (host: string | undefined, more: Partial<BindRules> = {}) => bindHost(host, { ...rules, ...more })
  assert.deepEqual(
    ['*', 'any', 'ANY'].map((host) => hostOf(host)),
    [undefined, undefined, undefined],
  )
  assert.equal(hostOf('any', { addressFamily: 4 }), '0.0.0.0')
  assert.equal(hostOf('anyv6'), '::')
  assert.equal(hostOf(undefined), '127.0.0.1')
  assert.equal(hostOf(undefined, { addressFamily: 6 }), '::1')
  assert.equal(hostOf(undefined, { gatewayPorts: true }), undefined)
})

test('a port may be a socket that was made elsewhere, and is one like any other: half-open, closed at the end', async () => {
  const entrance = await openStreamEntrance({
    relayName: 'db',
    binding: { protocol: 'tcp', host: '10.9.9.9', port: 22, portName: '22' },
    rules,
    onSocket: (socket) =>
      socket.open({
        onSocketData() {},
        onSocketEnd: () => socket.write(Buffer.from('answered after the end'), () => socket.end()),
      }),
    onProblem: unexpected,
  })
  const port = Number(entrance.address.split(':')[1])
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  client.end('question')
  assert.equal(await text(client), 'answered after the end')
  entrance.close()
  const late = connect({ port, host: '127.0.0.1' })
  const [error] = (await once(late, 'error')) as [NodeJS.ErrnoException]
  assert.equal(error.code, 'ECONNREFUSED')
})

test('what cannot be opened elsewhere is said as for any other port', async () => {
  const failing: SocketSource = {
    ...elsewhere,
    listen: () => Promise.reject(Object.assign(new Error('no'), { code: 'EADDRINUSE' })),
  }
  const opening = openStreamEntrance({
    relayName: 'db',
    binding: { protocol: 'tcp', host: '10.9.9.9', port: 22, portName: '22' },
    rules: { ...rules, sockets: failing },
    onSocket: unexpected,
    onProblem: unexpected,
  })
  await assert.rejects(opening, {
    code: 'InvalidConfiguration',
    message: /10\.9\.9\.9:22: another program has this port/,
  })
})

test('a name without an address is no business of the other network', async () => {
  const entrance = await openStreamEntrance({
    relayName: 'db',
    binding: { protocol: 'unix', socketPath: `\0postern-entrance-${process.pid}`, portName: 'x' },
    rules,
    onSocket: unexpected,
    onProblem: unexpected,
  })
  entrance.close()
})
