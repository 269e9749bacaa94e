import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { it } from 'node:test'
import { type ConnectionOptions, connect } from 'node:tls'
import fc from 'fast-check'
import { readClientHello } from './client-hello.ts'

/** What Node's own client sends first. */
async function recordHello(options: ConnectionOptions): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const client = connect({ host: '127.0.0.1', port, ...options })
  client.on('error', () => {})
  const [socket] = await once(server, 'connection')
  let bytes = Buffer.alloc(0)
  while (readClientHello(bytes).kind === 'incomplete') {
    const [chunk] = await once(socket, 'data')
    bytes = Buffer.concat([bytes, chunk])
  }
  client.destroy()
  socket.destroy()
  server.close()
  return bytes
}

/** A TLS 1.2 hello with the name `relay.test` and the protocol `abcd`, written by hand. */
const minimal = Buffer.from(
  [
    '16 0301 004d 01 000049 0303',
    '00'.repeat(32),
    '00 0002 c02b 01 00 001e',
    '0000 000f 000d 00 000a 72656c61792e74657374',
    '0010 0007 0005 04 61626364',
  ]
    .join('')
    .replaceAll(' ', ''),
  'hex',
)

it('reads a hello that was written by hand', () => {
  assert.deepEqual(readClientHello(minimal), { kind: 'present', serverName: 'relay.test', protocols: ['abcd'] })
})

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  it(`reads name and protocols of a ${maxVersion} client`, async () => {
    const named = await recordHello({
      servername: 'Relay.Example.test',
      ALPNProtocols: ['acme-tls/1', 'x'],
      maxVersion,
    })
    assert.deepEqual(readClientHello(named), {
      kind: 'present',
      serverName: 'relay.example.test',
      protocols: ['acme-tls/1', 'x'],
    })
    assert.deepEqual(readClientHello(await recordHello({ servername: '', maxVersion })), {
      kind: 'present',
      protocols: [],
    })
  })
}

it('a hello that arrives byte by byte is read at its last byte', () => {
  for (let length = 0; length < minimal.length; length++) {
    assert.deepEqual(readClientHello(minimal.subarray(0, length)), { kind: 'incomplete' })
  }
})

it('a hello in several records is one hello', () => {
  const payload = minimal.subarray(5)
  const records = [payload.subarray(0, 1), payload.subarray(1, 40), payload.subarray(40)].map((part) =>
    Buffer.concat([Uint8Array.of(22, 3, 1, 0, part.length), part]),
  )
  assert.deepEqual(readClientHello(Buffer.concat(records)), readClientHello(minimal))
})

it('what is no hello is absent', () => {
  for (const bytes of [
    Buffer.from('GET / HTTP/1.1\r\n'),
    Buffer.from('1603010000', 'hex'),
    Buffer.from('1603014001', 'hex'),
    Buffer.from('160301000402000000', 'hex'),
    Buffer.from('160301000401ffffff', 'hex'),
    Buffer.from('16030100050100000103', 'hex'),
  ]) {
    assert.deepEqual(readClientHello(bytes), { kind: 'absent' }, bytes.toString('hex'))
  }
})

it('never throws', () => {
  fc.assert(
    fc.property(fc.nat(minimal.length - 1), fc.uint8Array({ maxLength: 50 }), (at, noise) => {
      const spoiled = Buffer.from(minimal)
      spoiled.set(noise.subarray(0, minimal.length - at), at)
      assert.ok(['incomplete', 'absent', 'present'].includes(readClientHello(spoiled).kind))
    }),
  )
})
