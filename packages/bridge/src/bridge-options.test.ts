import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { connect, createServer, type Server } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { encodePreamble } from '@postern/carrier'
import { type RelayedConnection, Sender } from '@postern/client'
import { StubRelay, signToken, startTestRelay } from '@postern/testkit'
import { Bridge, type BridgeOptions } from './bridge.ts'

const signal = (): AbortSignal => AbortSignal.timeout(10_000)

async function start(options: BridgeOptions): Promise<Bridge> {
  const bridge = new Bridge(options)
  await bridge.start()
  await bridge.online(signal())
  return bridge
}

interface Service extends AsyncDisposable {
  readonly port: number
}

async function serve(says: string, port = 0): Promise<Service> {
  const server: Server = createServer((socket) => socket.on('error', () => {}).end(says)).listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as { port: number }).port,
    async [Symbol.asyncDispose]() {
      server.close()
      await once(server, 'close')
    },
  }
}

const localOf = (bridge: Bridge) => bridge.status.find(({ kind }) => kind === 'local')

/** Says what a connection through the first local port was told. */
async function dial(bridge: Bridge): Promise<string> {
  const port = Number(localOf(bridge)?.addresses[0]?.split(':').at(-1))
  return text(connect(port, '127.0.0.1')).catch((error: NodeJS.ErrnoException) => String(error.code))
}

test('AddressFamily: a target that has an IPv4 address alone is reached by inet and any, not by inet6', async () => {
  await using relay = await StubRelay.start()
  await using service = await serve('here')
  for (const [addressFamily, answer] of [
    [4, 'here'],
    [undefined, 'here'],
    [6, 'ECONNRESET'],
  ] as const) {
    await using bridge = await start({
      relay: { ...relay.location, ...(addressFamily && { addressFamily }) },
      localForwards: ['127.0.0.1:0:db'],
      remoteForwards: [`db:localhost:${service.port}`],
    })
    assert.equal(await dial(bridge), answer, `family ${addressFamily}`)
  }
})

test('AddressFamily: a relay that has an IPv4 address alone is not reached by inet6', async () => {
  await using relay = await StubRelay.start()
  const at = { ...relay.location, host: 'localhost' }
  await using bridge = await start({ relay: { ...at, addressFamily: 6 }, localForwards: ['127.0.0.1:0:db'] })
  const port = Number(localOf(bridge)?.addresses[0]?.split(':').at(-1))
  // The family is that of local ports without an address too.
  assert.ok(port > 0)
  assert.equal(await dial(bridge), 'ECONNRESET')
  assert.match(localOf(bridge)?.lastError?.message ?? '', /ENOTFOUND|ECONNREFUSED|EAI_/)
  for (const [addressFamily, address] of [
    [4, '127.0.0.1:'],
    [6, '[::1]:'],
  ] as const) {
    await using other = await start({ relay: { ...at, addressFamily }, localForwards: ['0:db'] })
    assert.ok(localOf(other)?.addresses[0]?.startsWith(address), `${addressFamily}`)
  }
})

test('ConnectTimeout: a relay that takes the connection and says nothing is given up after it', async () => {
  await using silent = createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as { port: number }
  await using bridge = await start({
    relay: { host: '127.0.0.1', port, tls: { rejectUnauthorized: false }, connectTimeoutMs: 300 },
    localForwards: ['127.0.0.1:0:db'],
  })
  const startedAt = performance.now()
  assert.equal(await dial(bridge), 'ECONNRESET')
  const elapsedMs = performance.now() - startedAt
  assert.ok(elapsedMs >= 290 && elapsedMs < 5_000, `${elapsedMs} ms`)
  assert.match(localOf(bridge)?.lastError?.message ?? '', /0\.3 s|300 ms|timed out|in time/)
})

test('ConnectionAttempts: a target that comes a second later is reached, where more than one try is wanted', async () => {
  await using relay = await StubRelay.start()
  const { port } = await serve('').then(async (service) => {
    await service[Symbol.asyncDispose]()
    return service
  })
  await using bridge = await start({
    relay: relay.location,
    localForwards: ['127.0.0.1:0:db'],
    remoteForwards: [`db:127.0.0.1:${port}`],
    connectionAttempts: 5,
  })
  const startedAt = performance.now()
  const answer = dial(bridge)
  // Long enough for the first try, which nobody can see fail.
  await new Promise((resolve) => setTimeout(resolve, 500))
  await using _ = await serve('late', port)
  assert.equal(await answer, 'late')
  assert.ok(performance.now() - startedAt > 900)
})

test('NoAuthentication: no token is sent for that forward, whatever credential the bridge has', async () => {
  await using relay = await StubRelay.start()
  const connectionString = `Endpoint=sb://127.0.0.1:${relay.port}/;SharedAccessKeyName=n;SharedAccessKey=k`
  const bindings = [{ protocol: 'tcp', host: '127.0.0.1', port: 0, portName: 'a' }] as const
  for (const noAuthentication of [true, false]) {
    await using bridge = await start({
      relay: { connectionString, tls: false },
      localForwards: [{ relayName: 'open', bindings, noAuthentication }],
    })
    const shaken = once(relay, 'handshake', { signal: signal() }) as Promise<[IncomingMessage]>
    await dial(bridge)
    const [request] = await shaken
    assert.equal('servicebusauthorization' in request.headers, !noAuthentication)
    assert.ok(!request.url?.includes('sb-hc-token'))
  }
})

test('a connection string of its own leads a forward to another relay, at either end', async () => {
  await using first = await startTestRelay({ options: { tls: 'off' } })
  await using second = await startTestRelay({ options: { tls: 'off' } })
  await using service = await serve('by the second relay')
  const target = { protocol: 'tcp', host: '127.0.0.1', port: service.port, portName: 'a' } as const
  await using _ = await start({
    relay: { connectionString: first.access().listen, tls: false },
    remoteForwards: [{ relayName: 'echo', connectionString: second.access().listen, targets: [target] }],
  })
  const binding = { protocol: 'tcp', host: '127.0.0.1', port: 0, portName: 'a' } as const
  const forward = { relayName: 'echo', bindings: [binding] }
  const relay = { connectionString: first.access().send, tls: false } as const
  await using astray = await start({ relay, localForwards: [forward] })
  assert.equal(await dial(astray), 'ECONNRESET')
  await using local = await start({
    relay,
    localForwards: [{ ...forward, connectionString: second.access().send }],
  })
  assert.equal(await dial(local), 'by the second relay')
})

test('Insecure: the certificate of an https service does not matter; else the reason is the answer', async () => {
  await using relay = await startTestRelay({ options: { tls: 'off' } })
  await using service = await startTestRelay()
  const port = Number(new URL(service.relay.management).port)
  for (const [insecure, status, body] of [
    [true, 200, /./],
    [false, 502, /cannot be reached: .*(?:certificate|CERT|SIGN)/],
  ] as const) {
    await using _ = await start({
      relay: { connectionString: relay.access().listen, tls: false },
      remoteForwards: [
        {
          relayName: 'echo',
          targets: [],
          httpTargets: [{ protocol: 'https', host: 'localhost', port, path: '/', insecure }],
        },
      ],
    })
    const answer = await fetch(`http://${relay.host}/echo/healthz`, {
      headers: { ServiceBusAuthorization: signToken(relay.access().send) },
      signal: signal(),
    })
    assert.equal(answer.status, status)
    assert.match(await answer.text(), body)
  }
})

test('a range of UDP ports leads each to the same port there, and no further', async () => {
  await using relay = await StubRelay.start()
  const service = createSocket('udp4')
  service.on('message', (datagram, from) => service.send(`re:${String(datagram)}`, from.port, from.address))
  service.bind(0, '127.0.0.1')
  await once(service, 'listening')
  const { port } = service.address()
  const near = '127.0.0.8'
  await using bridge = await start({
    relay: relay.location,
    localForwards: [`${near}:${port}-${port + 1}U:media`],
    remoteForwards: [`media:127.0.0.1:${port}-${port}U`],
  })
  assert.deepEqual(localOf(bridge)?.addresses, [`${near}:${port}U`, `${near}:${port + 1}U`])
  const client = createSocket('udp4')
  const answered = once(client, 'message', { signal: signal() })
  client.send('a', port, near)
  assert.equal(String((await answered)[0]), 're:a')
  client.send('b', port + 1, near)
  while (!localOf(bridge)?.lastError) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.match(localOf(bridge)?.lastError?.message ?? '', new RegExp(`no port name "${port + 1}U"`))
  client.close()
  service.close()
})

test('a UDP port, a Unix socket and an address that cannot be opened are said with their reason', async () => {
  const taken = createSocket('udp4').unref()
  taken.bind(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address()
  for (const [forward, message] of [
    [`127.0.0.1:${port}U:db`, `db: cannot listen on 127.0.0.1:${port}U: another program has this port`],
    [
      '/nowhere/there/is.sock:db',
      'db: cannot listen on /nowhere/there/is.sock: its folder does not exist, or we may not write there',
    ],
    ['192.0.2.1:5000:db', 'db: cannot listen on 192.0.2.1:5000: this machine has no such address'],
    ['no.such.name.invalid:5000:db', 'db: cannot listen on no.such.name.invalid:5000: the name has no address'],
  ] as const) {
    const bridge = new Bridge({ relay: { host: '127.0.0.1' }, localForwards: [forward] })
    await assert.rejects(bridge.start(), { code: 'InvalidConfiguration', message })
  }
  taken.close()
})

test('the local end serves 1,024 UDP clients at a time, and says why it does not serve the next', async () => {
  await using relay = await StubRelay.start()
  // Connections are being made for ever: each client has a session from its first datagram on.
  relay.decide = () => 'hang'
  await using bridge = await start({ relay: relay.location, localForwards: ['127.0.0.1:0U:dns'] })
  const port = Number(/:(\d+)U$/.exec(localOf(bridge)?.addresses[0] ?? '')?.[1])
  const until = async (condition: () => boolean): Promise<void> => {
    for (let i = 0; i < 500 && !condition(); i += 1) await new Promise((resolve) => setTimeout(resolve, 10))
    assert.ok(condition())
  }
  for (let index = 0; index < 1_025; index += 1) {
    assert.equal(localOf(bridge)?.lastError, undefined)
    const client = createSocket('udp4')
    // An address for each: ports are soon given to somebody else.
    client.bind(0, `127.0.${1 + (index >> 8)}.${index & 255}`)
    await once(client, 'listening')
    client.send('x', port, '127.0.0.1', () => client.close())
    if (index % 64 === 63) await until(() => localOf(bridge)?.connections === index + 1)
  }
  await until(() => localOf(bridge)?.lastError !== undefined)
  assert.match(localOf(bridge)?.lastError?.message ?? '', /more than 1024 UDP clients at a time/)
  assert.equal(localOf(bridge)?.connections, 1_024)
})

test('the remote end serves 1,024 UDP sessions at a time, and tells the next sender why it is not served', async () => {
  await using relay = await StubRelay.start()
  await using _ = await start({ relay: relay.location, remoteForwards: ['dns:127.0.0.1:9U'] })
  const sender = new Sender({ ...relay.location, path: 'dns' })
  const open = async (): Promise<string> => {
    const connection: RelayedConnection = await sender.connectRaw({ signal: signal() })
    const answer = Promise.withResolvers<string>()
    connection.open({
      onData: (chunk) => answer.resolve(Buffer.from(chunk).toString('latin1')),
      onEof: () => answer.resolve('end'),
      onDrain: () => {},
      onClosed: (error) => answer.resolve(error?.message ?? 'closed'),
    })
    for (const message of encodePreamble({ mode: 'datagram', portName: '9U' })) connection.send(message)
    return answer.promise
  }
  for (let opened = 0; opened < 1_024; opened += 64) {
    const answers = await Promise.all(Array.from({ length: 64 }, open))
    assert.deepEqual(new Set(answers), new Set(['\x01\0\x01']))
  }
  assert.match(await open(), /Too many UDP sessions at a time/)
})
