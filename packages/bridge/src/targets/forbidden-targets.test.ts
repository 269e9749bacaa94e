import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { encodePreamble, FarEnd, portNameHeader } from '@postern/carrier'
import { type RelayedConnection, Sender } from '@postern/client'
import { RelayError } from '@postern/protocol'
import { StubRelay } from '@postern/testkit'
import { Bridge } from '../bridge.ts'
import { RelayWays } from '../carriers/relay-ways.ts'
import { connectThrough } from '../connect-through.ts'

// A sender that keeps to no rule. It has the right to send, and asks for what nobody has named.

const folder = mkdtempSync(join(tmpdir(), 'postern-forbidden-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const signal = (): AbortSignal => AbortSignal.timeout(10_000)

/** Services beside the remote end; `dialed` tells which of them somebody has reached. */
async function startServices() {
  const dialed: string[] = []
  const servers: Server[] = []
  const serve = async (name: string, place: { path: string } | { host: string; port: number }): Promise<number> => {
    const server = createServer((socket) => {
      dialed.push(name)
      socket.on('error', () => {}).end(name)
    }).listen(place)
    servers.push(server)
    await once(server, 'listening')
    const address = server.address()
    return typeof address === 'object' && address ? address.port : 0
  }
  const wanted = await serve('wanted', { host: '127.0.0.1', port: 0 })
  const secret = await serve('secret', { host: '127.0.0.1', port: 0 })
  // What is wanted of one host is not wanted of another.
  await serve('other host', { host: '127.0.0.2', port: wanted })
  const socketPath = join(folder, 'secret.sock')
  await serve('socket', { path: socketPath })
  return {
    wanted,
    secret,
    socketPath,
    dialed,
    async [Symbol.asyncDispose]() {
      for (const server of servers) {
        server.close()
        await once(server, 'close')
      }
    },
  }
}

type Services = Awaited<ReturnType<typeof startServices>>

/** Opens a connection that claims `header` before it is accepted and `preamble` afterwards; what the far end said. */
async function insist(relay: StubRelay, claims: { header?: string; preamble: string }): Promise<string> {
  const headers = claims.header === undefined ? {} : { [portNameHeader]: encodeURIComponent(claims.header) }
  let connection: RelayedConnection
  try {
    connection = await new Sender({ ...relay.location, path: 'site' }).connectRaw({ signal: signal(), headers })
  } catch (error) {
    assert.ok(error instanceof RelayError)
    return error.message
  }
  const heard: Buffer[] = []
  const end = Promise.withResolvers<string>()
  connection.open({
    onData: (chunk) => heard.push(Buffer.from(chunk)),
    onEof: () => end.resolve(''),
    onDrain: () => {},
    onClosed: (error) => end.resolve(error?.message ?? ''),
  })
  for (const message of encodePreamble({ mode: 'stream', portName: claims.preamble })) connection.send(message)
  const reason = await end.promise
  connection.abort()
  return Buffer.concat(heard).toString('latin1') + reason
}

/** All of them beside the name `sql` and the one port that there are. */
function forbiddenNames({ wanted, secret, socketPath }: Services): string[] {
  return [
    String(secret),
    `127.0.0.1:${secret}`,
    `localhost:${secret}`,
    `[::ffff:127.0.0.1]:${secret}`,
    `sql/127.0.0.1:${secret}`,
    `127.0.0.2:${wanted}`,
    '169.254.169.254:80',
    '22',
    '0',
    '65536',
    '-1',
    `${wanted}U`,
    `${wanted}.0`,
    `0${wanted}`,
    `+${wanted}`,
    ` ${wanted}`,
    `0x${wanted.toString(16)}`,
    `1-65535`,
    '*',
    '',
    'SQL',
    'sql\0',
    '%73ql',
    socketPath,
    `pg/${socketPath}`,
    '../secret.sock',
  ]
}

/** The remote end: one target by name, and all ports of an allow-list of one. */
async function startSite(relay: StubRelay, { wanted }: Services): Promise<Bridge> {
  const bridge = new Bridge({
    relay: relay.location,
    remoteForwards: [`site:sql/127.0.0.1:${wanted};127.0.0.1:*`],
    allowedTargets: [`127.0.0.1:${wanted}`],
  })
  await bridge.start()
  await bridge.online(signal())
  return bridge
}

for (const [how, claimsOf] of [
  ['in the preamble alone, as azbridge does', (name: string) => ({ preamble: name })],
  ['in the header, before it is accepted', (name: string) => ({ header: name, preamble: name })],
  ['in the preamble, after a header that named another one', (name: string) => ({ header: 'sql', preamble: name })],
] as const) {
  test(`targets that nobody named are refused where they would be dialed: asked for ${how}`, async () => {
    await using relay = await StubRelay.start()
    await using services = await startServices()
    const { dialed } = services
    await using bridge = await startSite(relay, services)
    assert.match(await insist(relay, claimsOf('sql')), /^\x01\0\0wanted/)
    const forbidden = forbiddenNames(services)
    assert.ok(forbidden.length >= 20)
    for (const name of forbidden) {
      assert.match(await insist(relay, claimsOf(name)), /has no port name|is not in the allow-list/, name)
    }
    assert.deepEqual(new Set(dialed), new Set(['wanted']))
    assert.equal(bridge.status[0]?.connectionsTotal, 1)
  })
}

test('targets that nobody named are refused where they would be dialed: asked for by streams of a carrier', async () => {
  await using relay = await StubRelay.start()
  await using services = await startServices()
  const { wanted, dialed } = services
  await using bridge = await startSite(relay, services)
  using ways = new RelayWays()
  const farEnd = new FarEnd({ ...ways.to({ ...relay.location, path: 'site' }), framing: 'raw' })
  for (const target of ['sql', `127.0.0.1:${wanted}`]) {
    const stream = await connectThrough(farEnd, { target, signal: signal() })
    stream.end()
    assert.equal(await text(stream), 'wanted')
  }
  for (const target of forbiddenNames(services)) {
    const refused = connectThrough(farEnd, { target, signal: signal() })
    await assert.rejects(refused, /has no port name|is not in the allow-list/, target)
  }
  assert.deepEqual(dialed, ['wanted', 'wanted'])
  assert.equal(bridge.status[0]?.carriers, 1)
})

test('an allow-list takes ports away from a range of a hundred', async () => {
  await using relay = await StubRelay.start()
  await using servers = new AsyncDisposableStack()
  // An address that nobody else uses, and ports that no connection goes out from.
  const host = `127.77.${(process.pid >> 8) & 255}.${process.pid & 255}`
  const first = 24_000
  const ports = Array.from({ length: 100 }, (_, index) => first + index)
  const dialed: number[] = []
  for (const port of ports) {
    const server = createServer((socket) => {
      dialed.push(port)
      socket.on('error', () => {}).end(`port ${port}`)
    }).listen(port, host)
    await once(server, 'listening')
    servers.defer(async () => {
      server.close()
      await once(server, 'close')
    })
  }
  await using bridge = new Bridge({
    relay: relay.location,
    remoteForwards: [`site:${host}:${first}-${first + 99}`],
    allowedTargets: [`${host}:${first}-${first + 39}`, `${host}:${first + 60}-${first + 99}`],
  })
  await bridge.start()
  await bridge.online(signal())
  const allowed = ports.filter((_, index) => index < 40 || index >= 60)
  for (const port of ports) {
    const name = String(port)
    const said = await insist(relay, { header: name, preamble: name })
    assert.match(said, allowed.includes(port) ? new RegExp(`port ${port}$`) : /is not in the allow-list/)
  }
  assert.deepEqual(dialed, allowed)
})
