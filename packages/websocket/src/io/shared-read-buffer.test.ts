import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { after, before, test } from 'node:test'
import * as tls from 'node:tls'
import { createTestAuthority } from '@postern/testkit'
import { SharedReadBuffer } from './shared-read-buffer.ts'

let servers: readonly { readonly name: string; readonly server: Server; readonly dial: (port: number) => Socket }[]

before(async () => {
  const ca = await createTestAuthority('shared read buffer')
  const { cert, key } = await ca.issue({ hosts: ['localhost'] })
  servers = [
    { name: 'TCP', server: createServer({ allowHalfOpen: true }), dial: (port) => connect(port, '127.0.0.1') },
    {
      name: 'TLS',
      server: tls.createServer({ cert, key, allowHalfOpen: true }),
      dial: (port) => tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca: ca.certPem }),
    },
  ]
  for (const { server } of servers) await once(server.listen(0, '127.0.0.1'), 'listening')
})

after(() => {
  for (const { server } of servers) server.close()
})

/** An accepted socket and the client at its other end, over TCP and over TLS. */
async function* pairs(): AsyncGenerator<{ name: string; accepted: Socket; client: Socket }> {
  for (const { name, server, dial } of servers) {
    const arrived = once(server, name === 'TLS' ? 'secureConnection' : 'connection')
    const client = dial((server.address() as AddressInfo).port)
    const [accepted] = (await arrived) as [Socket]
    yield { name, accepted, client }
    client.destroy()
    accepted.destroy()
  }
}

test('bytes arrive whole and in order, those that were read before first, then the end', async () => {
  for await (const { name, accepted, client } of pairs()) {
    const bytes = randomBytes(3_000_000)
    accepted.unshift(bytes.subarray(0, 1000))
    const chunks: Buffer[] = []
    const isShared = new SharedReadBuffer().read(accepted, (chunk) => chunks.push(Buffer.from(chunk)))
    assert.ok(isShared, `${name}: this Node reads into one buffer`)
    accepted.resume()
    client.end(bytes.subarray(1000))
    await once(accepted, 'end')
    assert.ok(Buffer.concat(chunks).equals(bytes), name)
  }
})

test('sockets that share a buffer do not mix their bytes', async () => {
  const reading = new SharedReadBuffer()
  const seen: Promise<[string, Buffer]>[] = []
  const open: Socket[] = []
  for (const round of [1, 2, 3]) {
    for (const { name, server, dial } of servers) {
      const arrived = once(server, name === 'TLS' ? 'secureConnection' : 'connection')
      const client = dial((server.address() as AddressInfo).port)
      const [accepted] = (await arrived) as [Socket]
      open.push(client, accepted)
      const chunks: Buffer[] = []
      reading.read(accepted, (chunk) => chunks.push(Buffer.from(chunk)))
      accepted.resume()
      seen.push(once(accepted, 'end').then(() => [`${name}${round}`, Buffer.concat(chunks)]))
      client.end(Buffer.alloc(1_000_000, `${name}${round}`))
    }
  }
  for (const [text, bytes] of await Promise.all(seen)) assert.ok(bytes.equals(Buffer.alloc(1_000_000, text)), text)
  for (const socket of open) socket.destroy()
})

test('a paused socket holds its peer back, and goes on where it was', async () => {
  for await (const { name, accepted, client } of pairs()) {
    let received = 0
    let hasPaused = false
    const paused = Promise.withResolvers<void>()
    new SharedReadBuffer().read(accepted, (chunk) => {
      received += chunk.length
      if (received < 100_000 || hasPaused) return
      hasPaused = true
      accepted.pause()
      paused.resolve()
    })
    accepted.resume()
    const size = 30_000_000
    client.end(Buffer.alloc(size))
    await paused.promise
    const atPause = received
    // Anything that is read in spite of the pause comes before the answer to this round trip.
    accepted.write('still there?')
    await once(client, 'data')
    assert.ok(received - atPause < 65_536, `${name}: ${received - atPause} bytes after the pause`)
    assert.ok(client.writableLength > 0, name)
    accepted.resume()
    await once(accepted, 'end')
    assert.equal(received, size, name)
  }
})

test('a socket that ended before is told to have ended', async () => {
  for await (const { accepted, client } of pairs()) {
    client.end('last words')
    await once(accepted, 'readable')
    let text = ''
    new SharedReadBuffer().read(accepted, (chunk) => {
      text += Buffer.from(chunk).toString()
    })
    accepted.resume()
    await once(accepted, 'end')
    assert.equal(text, 'last words')
  }
})

test('a stream that is no socket is read by its events', async () => {
  const stream = new Duplex({ read() {}, write() {} })
  const chunks: string[] = []
  assert.equal(
    new SharedReadBuffer().read(stream, (chunk) => chunks.push(Buffer.from(chunk).toString())),
    false,
  )
  stream.push('text')
  await once(stream, 'data')
  assert.deepEqual(chunks, ['text'])
})
