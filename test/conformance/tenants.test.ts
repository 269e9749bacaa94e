// One tenant's tokens, names and faults are no other tenant's: namespaces `alpha` (default), `beta` and `gamma`.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { StartRelayOptions } from '@postern/server'
import { RawWebSocket, ScriptedListener, signToken, startTestRelay, type TestRelay } from '@postern/testkit'
import { decodeClose, Opcode } from '@postern/websocket'
import { metrics } from './metrics.ts'
import { refused } from './refused.ts'
import { dialRaw, exchange, type RawAnswer, readUntil, until, upgradeHead } from './stranger.ts'

const rules = [{ name: 'Root', rights: ['Listen', 'Send', 'Manage'] }] as const

const resources = {
  namespaces: [
    { name: 'alpha', default: true, rules, hybridConnections: [{ name: 'a' }, { name: 'a/b' }, { name: 'ab' }] },
    {
      name: 'beta',
      hosts: ['beta.test'],
      rules,
      hybridConnections: [
        { name: 'b', rules: [{ name: 'own', rights: ['Listen', 'Send'] }] },
        { name: 'b/c', rules: [{ name: 'own', rights: ['Listen', 'Send'] }] },
        { name: 'same' },
      ],
    },
    {
      name: 'gamma',
      hosts: ['gamma.test'],
      rules,
      hybridConnections: [{ name: 'same' }, { name: 'open', requiresClientAuthorization: false }],
    },
  ],
} satisfies StartRelayOptions['resources']

async function threeTenants(test: TestContext, options: Record<string, string | number> = {}): Promise<TestRelay> {
  const relay = await startTestRelay({ resources, options })
  test.after(() => relay[Symbol.asyncDispose]())
  return relay
}

/** The connection string of an entity by `namespace/name`. */
function access(relay: TestRelay, path: string): string {
  const [namespace = '', ...name] = path.split('/')
  const found = relay.relay
    .hybridConnections()
    .find((entity) => entity.namespace === namespace && entity.name === name.join('/'))
  assert.ok(found?.listen)
  return found.listen
}

/** A token of a namespace's own rule for its root, whatever rules its entities have. */
function rootToken(relay: TestRelay, namespace: string): string {
  const {
    rules: [rule],
    hosts,
  } = relay.relay.server.catalog.namespaceByName(namespace)!
  const host = hosts[0] ?? 'localhost'
  const key = rule!.primaryKey.reveal()
  return signToken(`Endpoint=sb://${host}/;SharedAccessKeyName=${rule!.name};SharedAccessKey=${key}`, { path: '' })
}

/** TLS options for an address whose host no resolver knows. */
function via(relay: TestRelay): TestRelay['tls'] {
  return { ...relay.tls, host: '127.0.0.1', port: relay.relay.server.dataPort, servername: 'localhost' }
}

/** `wss://{namespace}.test:{port}/$hc/{name}?{query}` for `namespace/name` */
function addressOf(relay: TestRelay, path: string, query: string): string {
  const [namespace = '', ...name] = path.split('/')
  return `wss://${namespace}.test:${relay.relay.server.dataPort}/$hc/${name.join('/')}?${query}`
}

/** A listener that came by its namespace's own host name. */
function listen(relay: TestRelay, path: string, token?: string): Promise<ScriptedListener> {
  return ScriptedListener.open({
    url: addressOf(relay, path, 'sb-hc-action=listen'),
    token: token ?? rootToken(relay, path.split('/')[0]!),
    tls: via(relay),
  })
}

function connect(relay: TestRelay, path: string, token?: string): Promise<RawWebSocket> {
  return RawWebSocket.dial({
    url: addressOf(relay, path, 'sb-hc-action=connect'),
    headers: { ServiceBusAuthorization: token ?? rootToken(relay, path.split('/')[0]!) },
    tls: via(relay),
  })
}

function arrive(relay: TestRelay, address: string): Promise<RawWebSocket> {
  return RawWebSocket.dial({ url: address, tls: via(relay) })
}

const send = (
  relay: TestRelay,
  target: string,
  { hosts = ['beta.test'], token }: { readonly hosts?: readonly string[]; readonly token?: string } = {},
): Promise<RawAnswer> =>
  exchange(
    relay,
    [
      `GET ${target} HTTP/1.1`,
      ...hosts.map((host) => `Host: ${host}`),
      ...(token === undefined ? [] : [`ServiceBusAuthorization: ${token}`]),
      'Connection: close',
      '\r\n',
    ].join('\r\n'),
  )

for (const [what, hosts] of [
  ['the host of the other', ['beta.test']],
  ['the host in capitals', ['BETA.Test']],
  ['a dot behind the host', ['beta.test.']],
  ['a port behind the host', ['beta.test:1']],
  ['the name under the base domain', ['beta.localhost']],
] as const) {
  test(`a token of one namespace opens nothing of another by ${what}`, async (t) => {
    const relay = await threeTenants(t)
    for (const token of [
      rootToken(relay, 'alpha'),
      rootToken(relay, 'gamma'),
      signToken(access(relay, 'gamma/same')),
    ]) {
      for (const target of ['/b', '/b/c', '/same', '/same/sub', '/nothing']) {
        const answer = await send(relay, target, { hosts, token })
        assert.equal(answer.status, 401, `${target}: ${answer.text}`)
        const upgrade = upgradeHead(
          `/$hc${target}?sb-hc-action=listen`,
          [`ServiceBusAuthorization: ${token}`],
          hosts[0],
        )
        assert.equal((await exchange(relay, upgrade)).status, 401)
      }
    }
    assert.equal(
      (await send(relay, '/b', { hosts, token: rootToken(relay, 'beta') })).status,
      502,
      'its own token does',
    )
  })
}

test('a token that names the host of another namespace is refused even where the keys are the same', async (t) => {
  const key = 'c2FtZS1rZXk='
  const shared = [{ name: 'Root', rights: ['Listen', 'Send'], primaryKey: key }] as const
  const relay = await startTestRelay({
    resources: {
      namespaces: [
        { name: 'alpha', default: true, rules: shared, hybridConnections: [{ name: 'same' }] },
        { name: 'beta', hosts: ['beta.test'], rules: shared, hybridConnections: [{ name: 'same' }] },
      ],
    },
  })
  t.after(() => relay[Symbol.asyncDispose]())
  const token = (host: string): string =>
    signToken(`Endpoint=sb://${host}/;SharedAccessKeyName=Root;SharedAccessKey=${key}`, { path: 'same' })
  const status = async (host: string, at: string): Promise<number> =>
    (await send(relay, '/same', { hosts: [at], token: token(host) })).status
  assert.equal(await status('beta.test', 'beta.test'), 502)
  assert.equal(await status('localhost', 'beta.test'), 401)
  assert.equal(await status('localhost', 'localhost'), 502)
  assert.equal(
    await status('anything.test', 'localhost'),
    502,
    'the default namespace answers for what is nobody else’s',
  )
  assert.equal(await status('beta.test', 'localhost'), 401)
  assert.equal(await status('beta.localhost', 'localhost'), 401)
})

test('a request whose host is not told once and clearly is refused with 400', async (t) => {
  const relay = await threeTenants(t)
  const token = rootToken(relay, 'alpha')
  for (const [target, hosts] of [
    ['/a', []],
    ['/a', ['localhost', 'beta.test']],
    ['/a', ['beta.test', 'localhost']],
    ['/a', ['localhost', 'localhost']],
    ['/a', ['localhost, beta.test']],
    ['/a', ['localhost/../beta.test']],
    ['/a', ['user@localhost']],
    ['/a', ['local host']],
    ['/a', ['b\xfccher.test']],
    ['/a', ['localhost:80:80']],
    ['/a', ['localhost:99999999']],
    ['/a', ['[::1']],
    ['http://beta.test/a', ['localhost']],
    ['http://localhost@beta.test/a', ['localhost']],
    ['https://localhost:1@beta.test:443/a', ['localhost']],
    ['//beta.test/a\\@x', ['beta.test', 'beta.test']],
    ['*', ['localhost']],
    ['ftp://localhost/a', ['localhost']],
    ['localhost:443', ['localhost']],
    ['a', ['localhost']],
  ] as const) {
    const answer = await send(relay, target, { hosts, token })
    assert.equal(answer.status, 400, `${target} ${hosts.join(' + ')}: ${answer.text}`)
    assert.match(answer.headers['trackingid'] ?? '', /_G0$/)
  }
  for (const target of ['http://localhost/a', 'HTTPS://LocalHost:443/a', '/a']) {
    assert.equal((await send(relay, target, { hosts: ['localhost:443'], token })).status, 502, target)
  }
})

test('no spelling of a path leads a token to another entity', async (t) => {
  const relay = await threeTenants(t)
  const token = signToken(access(relay, 'beta/b'))
  const own = await listen(relay, 'beta/b')
  const below = await listen(relay, 'beta/b/c')
  const reached = async (target: string): Promise<string> => {
    const answer = send(relay, target, { token })
    const request = await Promise.race([own.nextRequest(), answer.then(({ status }) => status)])
    if (typeof request === 'number') return String(request)
    own.control.text(JSON.stringify({ response: { requestId: request.id, statusCode: 204 } }))
    assert.equal((await answer).status, 204)
    return request.requestTarget
  }
  for (const [target, expected] of [
    ['/b', '/b'],
    ['/B', '/B'],
    ['/b/', '/b/'],
    ['/%62', '/b'],
    ['/b//c', '/b//c'],
    ['/b/c', '401'],
    ['/B/C', '401'],
    ['/b/%63', '401'],
    ['/b%2Fc', '401'],
    ['/b%2fc/d', '401'],
    ['/b/c/../d', '401'],
    ['/same', '401'],
    ['/x/../b', '401'],
    ['/./b', '401'],
    ['/%2e/b', '401'],
    ['//b', '401'],
    ['/%2Fb', '401'],
    ['/b%00', '401'],
    ['/b%', '401'],
    ['/b%ff', '401'],
    ['/b.', '401'],
    ['/b;x', '401'],
    ['/b%252Fc', '401'],
    ['/', '401'],
    ['/$hc/b', '426'],
    ['/%24hc/b', '426'],
    ['/x/$hc/../b', '401'],
  ] as const) {
    assert.equal(await reached(target), expected, target)
  }
  assert.equal(below.messages.size, 0)
  for (const target of ['/$hc/b/c', '/$hc/B/c', '/$hc/b%2fc', '/%24HC/b/%63', '/$hc/x/../b/c', '/$hc/$hc/b/c']) {
    const head = upgradeHead(`${target}?sb-hc-action=listen`, [`ServiceBusAuthorization: ${token}`], 'beta.test')
    assert.equal((await exchange(relay, head)).status, 401, target)
  }
})

test('a token for a part of an entity does not climb out of it', async (t) => {
  const relay = await threeTenants(t)
  const part = signToken(access(relay, 'beta/same'), { path: 'same/public' })
  const listener = await listen(relay, 'beta/same')
  for (const target of [
    '/same/public/../secret',
    '/same/public/%2e%2e/secret',
    '/same/public/..%2fsecret',
    '/same/public/..%5csecret',
    '/same/public/x/../../secret',
    '/same/public/./../secret',
    '/same/public//../../secret',
    '/same/public/..',
    '/same/publicity',
    '/same/secret',
    '/same',
  ]) {
    assert.equal((await send(relay, target, { token: part })).status, 401, target)
    const upgrade = upgradeHead(`/$hc${target}`, [`ServiceBusAuthorization: ${part}`], 'beta.test')
    assert.equal((await exchange(relay, upgrade)).status, 401, target)
  }
  assert.equal(listener.messages.size, 0)
  for (const target of [
    '/same/public',
    '/same/PUBLIC/',
    '/same/public/x/../y',
    '/same/public/..a',
    '/same/public/...',
  ]) {
    const answer = send(relay, target, { token: part })
    const { id } = await listener.nextRequest()
    listener.control.text(JSON.stringify({ response: { requestId: id, statusCode: 204 } }))
    assert.equal((await answer).status, 204, target)
  }
})

test('a listener cannot take what was offered to a listener of another namespace', async (t) => {
  const relay = await threeTenants(t)
  const mine = await listen(relay, 'beta/same')
  const theirs = await listen(relay, 'gamma/same')
  const toMe = connect(relay, 'beta/same')
  const toThem = connect(relay, 'gamma/same')
  const myAddress = (await mine.nextAccept()).address
  const theirAddress = (await theirs.nextAccept()).address
  const myId = new URL(myAddress).searchParams.get('sb-hc-id') ?? ''
  const theirId = new URL(theirAddress).searchParams.get('sb-hc-id') ?? ''
  assert.notEqual(myId.slice(0, 36), theirId.slice(0, 36))
  for (const [host, path, id] of [
    ['gamma.test', 'open', theirId],
    ['gamma.test', 'nothing', theirId],
    ['gamma.test', 'same', theirId.toUpperCase()],
    ['gamma.test', 'same', theirId.slice(0, -1)],
    ['gamma.test', 'same', `${theirId}x`],
    ['gamma.test', 'same', ''],
    ['gamma.test', 'same', '__proto__'],
  ] as const) {
    for (const action of ['accept', 'accept&sb-hc-statusCode=403']) {
      const head = upgradeHead(`/$hc/${path}?sb-hc-id=${id}&sb-hc-action=${action}`, [], host)
      assert.equal((await exchange(relay, head)).status, 403, `${host} ${path} ${id}`)
    }
    const wrongKind = await exchange(relay, upgradeHead(`/$hc/${path}?sb-hc-id=${id}&sb-hc-action=request`, [], host))
    assert.equal(wrongKind.status, 101, 'never refused: the clients die of it')
  }
  const [sender, rendezvous] = await Promise.all([toThem, arrive(relay, theirAddress)])
  rendezvous.text('from their own listener')
  assert.equal((await sender.frames.next()).payload.toString(), 'from their own listener')
  await arrive(relay, myAddress)
  await toMe
})

test('with advertise, listeners of every namespace come to that address, and only by what they were given', async (t) => {
  for (const fallback of [true, false]) {
    const namespaces = resources.namespaces.map((namespace) =>
      namespace.name === 'alpha' ? { ...namespace, default: fallback } : namespace,
    )
    const relay = await startTestRelay({ resources: { namespaces }, options: { advertise: 'wss://node1.test:7' } })
    t.after(() => relay[Symbol.asyncDispose]())
    const listener = await listen(relay, 'beta/same')
    const pending = connect(relay, 'beta/same')
    const { address } = await listener.nextAccept()
    assert.match(address, /^wss:\/\/node1\.test:7\/\$hc\/same\?/)
    const elsewhere = await refused(arrive(relay, address.replace('/same?', '/b?')))
    assert.equal(elsewhere.status, 403)
    await arrive(relay, address)
    await pending
    const answer = send(relay, '/same', { token: rootToken(relay, 'beta') })
    const request = await listener.nextRequest()
    assert.match(request.address, /^wss:\/\/node1\.test:7\/\$hc\/same\?/)
    const rendezvous = await arrive(relay, request.address)
    rendezvous.text(JSON.stringify({ response: { requestId: request.id, statusCode: 200, body: true } }))
    rendezvous.binary('far away')
    assert.equal((await answer).status, 200)
  }
})

/** A sender and listener of `gamma` that must go on whatever another tenant does. */
async function innocent(relay: TestRelay): Promise<() => Promise<void>> {
  const listener = await listen(relay, 'gamma/open')
  const pending = connect(relay, 'gamma/open')
  const rendezvous = await arrive(relay, (await listener.nextAccept()).address)
  const sender = await pending
  return async () => {
    sender.text('still')
    rendezvous.text('here')
    assert.equal((await rendezvous.frames.next()).payload.toString(), 'still')
    assert.equal((await sender.frames.next()).payload.toString(), 'here')
    const answer = send(relay, '/open', { hosts: ['gamma.test'] })
    const { id } = await listener.nextRequest()
    listener.control.text(JSON.stringify({ response: { requestId: id, statusCode: 204 } }))
    assert.equal((await answer).status, 204)
  }
}

const faults: Record<string, (listener: ScriptedListener, relay: TestRelay) => unknown> = {
  'sends what is no frame': (listener) => listener.control.socket.write(Buffer.alloc(10_000, 0xff)),
  'sends frames without mask': (listener) => listener.control.socket.write(Buffer.from([0x81, 0x01, 0x61])),
  'announces a frame of 2^63 bytes': (listener) =>
    listener.control.socket.write(Buffer.from([0x82, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255, 1, 2, 3, 4])),
  'announces a frame of 2^53 - 1 bytes and sends a part': (listener) =>
    listener.control.socket.write(
      Buffer.concat([
        Buffer.from([0x81, 0xff, 0, 0x1f, 255, 255, 255, 255, 255, 255, 1, 2, 3, 4]),
        Buffer.alloc(99_999),
      ]),
    ),
  'sends text that is not UTF-8': (listener) => listener.control.send(Opcode.text, Buffer.from([0xc3, 0x28])),
  'sends a million empty fragments': (listener) => {
    listener.control.send(Opcode.text, '', { fin: false })
    const fragment = Buffer.from([0x00, 0x80, 0, 0, 0, 0])
    listener.control.socket.write(Buffer.concat(Array.from({ length: 1_000_000 }, () => fragment)))
  },
  'sends deeply nested JSON': (listener) => listener.control.text(`{"response":${'['.repeat(60_000)}`),
  'sends JSON of hostile names': (listener) => {
    for (const text of [
      '{"__proto__":{"x":1}}',
      '{"response":{"__proto__":1,"requestId":"constructor"}}',
      '[]',
      'null',
      '7',
    ]) {
      listener.control.text(text)
    }
  },
  'answers requests that nobody sent it': (listener) => {
    for (const requestId of ['x', '__proto__', 'constructor', '918ffc54-ff91-44fa-80f0-cbfb90ba4317_G0']) {
      listener.control.text(JSON.stringify({ response: { requestId, statusCode: 200, body: true } }))
      listener.control.binary('surprise')
    }
  },
  'says CLOSE a thousand times': (listener) => {
    for (let i = 0; i < 1000; i++) listener.control.close(1000, 'x'.repeat(123))
  },
  'is cut off in the middle of a response': async (listener, relay) => {
    const answer = send(relay, '/same', { token: rootToken(relay, 'beta') })
    const request = await listener.nextRequest()
    const rendezvous = await arrive(relay, request.address)
    rendezvous.text(JSON.stringify({ response: { requestId: request.id, statusCode: 200, body: true } }))
    rendezvous.send(Opcode.binary, 'a part', { fin: false })
    assert.equal((await answer).status, 200)
    rendezvous.socket.destroy()
    listener.control.socket.destroy()
  },
}

for (const [fault, commit] of Object.entries(faults)) {
  test(`a listener that ${fault} harms nobody else`, async (t) => {
    const relay = await threeTenants(t)
    const check = await innocent(relay)
    const faulty = await listen(relay, 'beta/same')
    await commit(faulty, relay)
    await check()
    faulty.control.abort()
    await until(async () => (await metrics(relay, 'postern_active_listeners', 'entity="same"')) === 0, 'it is gone')
    await check()
  })
}

test("a listener that answers another listener's requests is not heard, in its own entity either", async (t) => {
  const relay = await threeTenants(t)
  const first = await listen(relay, 'beta/same')
  const answer = send(relay, '/same', { token: rootToken(relay, 'beta') })
  const request = await first.nextRequest()
  for (const liar of [await listen(relay, 'beta/same'), await listen(relay, 'gamma/same')]) {
    liar.control.text(JSON.stringify({ response: { requestId: request.id, statusCode: 299 } }))
    liar.control.send(Opcode.ping, 'heard')
    assert.equal((await liar.others.next()).opcode, Opcode.pong)
  }
  first.control.text(JSON.stringify({ response: { requestId: request.id, statusCode: 204 } }))
  assert.equal((await answer).status, 204)
})

test('a listener that never reads its control channel is given a bounded number of bytes, and others are asked', async (t) => {
  const relay = await threeTenants(t, { maxUnauthorizedConnectionsPerAddress: 1000, httpResponseTimeout: '5s' })
  const check = await innocent(relay)
  const deaf = await listen(relay, 'beta/same')
  t.after(() => deaf.control.abort())
  deaf.control.socket.pause()
  const token = rootToken(relay, 'beta')
  const post = `POST /same HTTP/1.1\r\nHost: beta.test\r\nServiceBusAuthorization: ${token}\r\nContent-Length: 65536\r\n\r\n`
  // All heads first, so that every request chooses the channel while it looks idle: 20 MiB in all.
  const sockets = (await Promise.all(Array.from({ length: 320 }, () => dialRaw(relay)))).map((socket) => {
    socket.write(post)
    return socket
  })
  await until(async () => (await metrics(relay, 'postern_pending_offers')) === 320, 'all are waiting')
  const answers = sockets.map((socket) => readUntil(socket, '\r\n\r\n', 20_000))
  for (const socket of sockets) socket.write(Buffer.alloc(65_536))
  const statuses = (await Promise.all(answers)).map((text) => text.split(' ')[1])
  const given = statuses.filter((status) => status === '504').length
  assert.equal(statuses.filter((status) => status === '503').length, 320 - given)
  // What the relay keeps itself, and what the buffers of the operating system take: up to 10 MiB on a loopback address.
  assert.ok(given <= (1 + 1 + 10) * 16, `${given} bodies were sent to a listener that does not read`)
  await check()
  const good = await listen(relay, 'beta/same')
  // The system may have taken the deaf one's last bytes meanwhile, so that it is asked now and then.
  const several = Array.from({ length: 12 }, () => send(relay, '/same', { token }))
  const { id } = await good.nextRequest()
  good.control.text(JSON.stringify({ response: { requestId: id, statusCode: 204 } }))
  assert.equal((await Promise.any(several)).status, 204)
})

test('an entity that is deleted and made again is another one: old tokens, channels and waiting senders do not reach it', async (t) => {
  const relay = await threeTenants(t)
  const { store, catalog } = relay.relay.server
  const old = catalog.get('beta', 'b')!
  const oldToken = signToken(access(relay, 'beta/b'))
  const listener = await listen(relay, 'beta/b', oldToken)
  const waiting = refused(connect(relay, 'beta/b', oldToken))
  const { address } = await listener.nextAccept()
  await store.delete('hc/beta/b')
  const gone = await listener.others.next()
  assert.equal(decodeClose(gone.payload).code, 1001)
  const now = new Date(old.createdAt.getTime() + 1)
  const [rule] = old.rules
  await store.put({
    kind: 'hybridConnection',
    value: {
      ...old,
      createdAt: now,
      updatedAt: now,
      rules: [{ ...rule!, name: 'new', primaryKey: rule!.secondaryKey }],
    },
  })
  const next = await listen(relay, 'beta/b')
  // Only now the old listener lets go: its sender looks for another listener and must not find the new one.
  assert.equal((await refused(arrive(relay, address))).status, 403)
  listener.control.abort()
  assert.ok([404, 502].includes((await waiting).status))
  assert.equal((await refused(listen(relay, 'beta/b', oldToken))).status, 401)
  assert.equal((await send(relay, '/b', { token: oldToken })).status, 401)
  assert.equal(next.messages.size, 0)
})

test('a deleted namespace lets nobody in, and what was open is closed', async (t) => {
  const relay = await threeTenants(t)
  const token = rootToken(relay, 'beta')
  const listener = await listen(relay, 'beta/same')
  await relay.relay.server.store.delete('ns/beta')
  assert.equal(decodeClose((await listener.others.next()).payload).code, 1001)
  assert.equal((await send(relay, '/same', { token })).status, 401, 'the default namespace answers for the host now')
  assert.equal(await metrics(relay, 'postern_sender_connections_requests_total', 'namespace="beta"'), 0)
})

test('no byte of one connection ever stands in another, whatever their sizes and however slowly they are read', async (t) => {
  const relay = await threeTenants(t)
  const joined = []
  for (const [at, path] of ['beta/same', 'gamma/same'].entries()) {
    const listener = await listen(relay, path)
    for (let mark = at + 1; mark <= 12; mark += 2) {
      const pending = connect(relay, path)
      const rendezvous = await arrive(relay, (await listener.nextAccept()).address)
      joined.push({ mark, rendezvous, sender: await pending })
    }
  }
  const bytesEach = 1_500_000
  const flow = async (from: RawWebSocket, to: RawWebSocket, mark: number): Promise<void> => {
    let sent = 0
    for (let size = 1; sent < bytesEach; size = ((size * 7 + mark) % 40_000) + 1) {
      from.binary(Buffer.alloc(size, mark))
      sent += size
      if (mark % 3 === 0 && size % 5 === 0) {
        to.socket.pause()
        setTimeout(() => to.socket.resume(), 1)
      }
    }
    for (let received = 0; received < sent; ) {
      const { payload } = await to.frames.next(20_000)
      assert.ok(
        payload.every((byte) => byte === mark),
        `connection ${mark} got bytes of another`,
      )
      received += payload.length
    }
  }
  await Promise.all(
    joined.flatMap(({ mark, sender, rendezvous }) => [flow(sender, rendezvous, mark), flow(rendezvous, sender, mark)]),
  )
})
