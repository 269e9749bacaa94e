import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { connect, createServer, Server } from 'node:net'
import { type TestContext, test } from 'node:test'
import { silentLogger } from '@postern/program'
import { type Answer, decode, encode, type Packet } from 'dns-packet'
import fc from 'fast-check'
import { signal } from '../connector-bed.contract.ts'
import { answerQuery, isQuery, type NameSource } from './answer-query.ts'
import { ClientNetworks } from './client-networks.ts'
import { DnsResponder } from './dns-responder.ts'
import { QueryForwarder } from './forward-query.ts'
import { formatSocketPlace, parseSocketPlace, type SocketPlace } from './socket-address.ts'
import { systemResolvers } from './system-resolvers.ts'
import { DnsMessageReader, frameDnsMessage } from './tcp-messages.ts'

const names: NameSource = {
  addressOf: (name) => Promise.resolve(/^(db|\w+\.web)\.corp\.$/i.test(name) ? '127.64.0.1' : undefined),
  nameOf: (address) => (address === '127.64.0.1' ? 'db.corp' : undefined),
  searchDomains: ['ns.svc.cluster.local'],
}

interface Upstream {
  readonly place: SocketPlace
  readonly asked: Packet[]
}

/** A resolver that answers every name with 192.0.2.7, or as `reply` says. */
async function startUpstream(
  t: TestContext,
  reply = (query: Packet): readonly Packet[] => [answerOf(query, '192.0.2.7')],
): Promise<Upstream> {
  const asked: Packet[] = []
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.on('message', (message, from) => {
    const query = decode(message)
    asked.push(query)
    for (const answer of reply(query)) socket.send(encode(answer), from.port, from.address)
  })
  const tcp = createServer((client) => {
    const reader = new DnsMessageReader()
    client.on('error', () => {})
    client.on('data', (chunk: Buffer) => {
      for (const message of reader.push(chunk)) {
        for (const answer of reply(decode(Buffer.from(message)))) client.write(frameDnsMessage(encode(answer)))
      }
    })
  })
  tcp.listen(port, '127.0.0.1')
  await once(tcp, 'listening')
  t.after(() => {
    socket.close()
    tcp.close()
  })
  return { place: { address: '127.0.0.1', port }, asked }
}

function answerOf({ id, questions = [] }: Packet, data: string): Packet {
  const answers: Answer[] = questions.map(({ name }) => ({ type: 'A', name, ttl: 60, data }))
  return { type: 'response', questions, answers, ...(id !== undefined && { id }) }
}

async function startResponder(
  t: TestContext,
  {
    resolvers = [],
    clients = new ClientNetworks([]),
  }: {
    readonly resolvers?: readonly SocketPlace[]
    readonly clients?: Pick<ClientNetworks, 'has'>
  },
): Promise<{ readonly place: SocketPlace; readonly resolver: Resolver }> {
  const responder = await DnsResponder.start({
    place: { address: '127.0.0.1', port: 0 },
    names,
    forwarder: new QueryForwarder({ resolvers: () => resolvers, resolverTimeoutMs: 300 }),
    clients,
    logger: silentLogger,
  })
  t.after(() => responder[Symbol.asyncDispose]())
  const resolver = new Resolver({ timeout: 2_000, tries: 1 })
  resolver.setServers([formatSocketPlace(responder.place)])
  return { place: responder.place, resolver }
}

/** Sends bytes and gives the next answer. */
async function exchange({ address, port }: SocketPlace, message: Uint8Array): Promise<Packet> {
  const socket = createSocket('udp4')
  try {
    socket.send(message, port, address)
    const [answer] = await once(socket, 'message', { signal: signal() })
    return decode(answer)
  } finally {
    socket.close()
  }
}

/** The next of so many TCP servers find their port taken. @returns how often one was tried */
function takePorts(t: TestContext, times: number): () => number {
  const listen = Reflect.get(Server.prototype, 'listen') as (this: Server, ...args: unknown[]) => Server
  const mock = t.mock.method(Server.prototype, 'listen', function (this: Server, ...args: unknown[]) {
    if (mock.mock.callCount() >= times) return listen.apply(this, args)
    const error = Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE' })
    process.nextTick(() => this.emit('error', error))
    return this
  })
  return () => mock.mock.callCount()
}

test('any free port is one that is free for UDP and TCP', async (t) => {
  const tried = takePorts(t, 2)
  const { resolver } = await startResponder(t, {})
  assert.deepEqual(await resolver.resolve4('db.corp'), ['127.64.0.1'])
  assert.equal(tried(), 3)
})

test('a machine that has no free port is not asked for ever', async (t) => {
  const tried = takePorts(t, 100)
  await assert.rejects(startResponder(t, {}), { code: 'InvalidConfiguration', message: /another program has the port/ })
  assert.equal(tried(), 5)
})

test('names of endpoints and below wildcards are answered in any case, nothing else but an address is there', async (t) => {
  const { resolver } = await startResponder(t, {})
  for (const name of ['db.corp', 'DB.Corp', 'a.web.corp'])
    assert.deepEqual(await resolver.resolve4(name), ['127.64.0.1'])
  await assert.rejects(resolver.resolve6('db.corp'), { code: 'ENODATA' })
  await assert.rejects(resolver.resolveMx('db.corp'), { code: 'ENODATA' })
  assert.deepEqual(await resolver.reverse('127.64.0.1'), ['db.corp'])
})

test('a name of ours below a domain that is searched is not there, so that the program goes on to the name itself', async (t) => {
  const upstream = await startUpstream(t)
  const { resolver } = await startResponder(t, { resolvers: [upstream.place] })
  await assert.rejects(resolver.resolve4('db.corp.ns.svc.cluster.local'), { code: 'ENOTFOUND' })
  assert.equal(upstream.asked.length, 0)
  assert.deepEqual(await resolver.resolve4('other.ns.svc.cluster.local'), ['192.0.2.7'])
})

test('everything else is asked of other resolvers, the next one when one is silent, each time under another id', async (t) => {
  const silent = await startUpstream(t, () => [])
  const upstream = await startUpstream(t)
  const { resolver } = await startResponder(t, { resolvers: [silent.place, upstream.place] })
  for (let at = 0; at < 4; at += 1) assert.deepEqual(await resolver.resolve4('example.test'), ['192.0.2.7'])
  assert.equal(silent.asked.length, 4)
  assert.ok(new Set(upstream.asked.map(({ id }) => id)).size > 1)
})

test('an answer with another id or to another question is passed over', async (t) => {
  const upstream = await startUpstream(t, (query) => [
    { ...answerOf(query, '203.0.113.6'), id: ((query.id ?? 0) + 1) % 0x1_0000 },
    { ...answerOf(query, '203.0.113.6'), questions: [{ type: 'A', name: 'evil.test' }] },
    { ...answerOf(query, '203.0.113.6'), type: 'query' },
    answerOf(query, '192.0.2.7'),
  ])
  const { resolver } = await startResponder(t, { resolvers: [upstream.place] })
  assert.deepEqual(await resolver.resolve4('example.test'), ['192.0.2.7'])
})

test('without a resolver that answers the question fails, soon', async (t) => {
  const { resolver } = await startResponder(t, { resolvers: [{ address: '127.0.0.1', port: 1 }] })
  await assert.rejects(resolver.resolve4('example.test'), { code: 'ESERVFAIL' })
})

test('several questions over one TCP connection are answered, also when nothing more comes', async (t) => {
  const upstream = await startUpstream(t)
  const { place } = await startResponder(t, { resolvers: [upstream.place] })
  const socket = connect(place.port, place.address)
  const ask = (id: number, name: string): Uint8Array =>
    frameDnsMessage(encode({ id, type: 'query', questions: [{ type: 'A', name }] }))
  socket.end(Buffer.concat([ask(1, 'db.corp'), ask(2, 'example.test')]))
  const reader = new DnsMessageReader()
  const answers: Packet[] = []
  for await (const chunk of socket) {
    answers.push(...reader.push(chunk as Buffer).map((message) => decode(Buffer.from(message))))
  }
  const found = answers.map(({ id, answers: [record] = [] }) => [id, record && 'data' in record && record.data])
  assert.deepEqual(
    new Map(found as [number, unknown][]),
    new Map([
      [1, '127.64.0.1'],
      [2, '192.0.2.7'],
    ]),
  )
})

test('other machines are refused unless their network is named', async (t) => {
  const { place } = await startResponder(t, { clients: { has: () => false } })
  const query = encode({ id: 7, type: 'query', questions: [{ type: 'A', name: 'db.corp' }] })
  const refused = await exchange(place, query)
  assert.deepEqual([refused.id, (refused as { rcode?: string }).rcode, refused.answers], [7, 'REFUSED', []])
  const networks = new ClientNetworks(['172.16.0.0/12', 'fd00::/8'])
  const asked = ['127.0.0.9', '::1', '::ffff:127.0.0.1', '172.17.0.2', 'fd00::7', '8.8.8.8', '2001:db8::1']
  assert.deepEqual(
    asked.map((address) => networks.has(address)),
    [true, true, true, true, true, false, false],
  )
  for (const wrong of ['x', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/-1']) {
    assert.throws(() => new ClientNetworks([wrong]), /is no network/)
  }
})

test('EDNS is answered with EDNS; unknown operations and broken questions with their codes', async (t) => {
  const { place } = await startResponder(t, {})
  const questions = [{ type: 'A', name: 'db.corp' }] as const
  const opt = { type: 'OPT', name: '.', udpPayloadSize: 4096 } as Answer
  const withEdns = await exchange(
    place,
    encode({ id: 1, type: 'query', questions: [...questions], additionals: [opt] }),
  )
  assert.deepEqual(
    withEdns.additionals?.map(({ type }) => type),
    ['OPT'],
  )
  const plain = await exchange(place, encode({ id: 2, type: 'query', questions: [...questions] }))
  assert.deepEqual(plain.additionals, [])
  const update = Buffer.from(encode({ id: 3, type: 'query', questions: [...questions] }))
  update[2] = 0x28
  assert.equal(((await exchange(place, update)) as { rcode?: string }).rcode, 'NOTIMP')
  const two = encode({ id: 4, type: 'query', questions: [...questions, ...questions] })
  assert.equal(((await exchange(place, two)) as { rcode?: string }).rcode, 'FORMERR')
})

test('whatever a stranger sends, the next question is answered', async (t) => {
  const { place, resolver } = await startResponder(t, {})
  const socket = createSocket('udp4')
  t.after(() => socket.close())
  const whole = Buffer.from(encode({ id: 1, type: 'query', questions: [{ type: 'A', name: 'db.corp' }] }))
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 600 }), fc.nat(), fc.nat(255), async (bytes, at, value) => {
      const bent = Buffer.concat([whole, bytes])
      bent[at % bent.length] = value
      for (const message of [bytes, bent]) {
        if (isQuery(message)) await answerQuery(message, names)
        socket.send(message, place.port, place.address)
      }
    }),
    { numRuns: 500 },
  )
  assert.deepEqual(await resolver.resolve4('db.corp'), ['127.64.0.1'])
})

test('a label with a dot in it is no name of ours', async () => {
  const header = Buffer.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
  const query = Buffer.concat([header, Buffer.from('\x07db.corp\0'), Buffer.from([0, 1, 0, 1])])
  assert.equal((await answerQuery(query, names)).kind, 'forward')
})

test('resolvers are those that are named, else those of the system, never ourselves', () => {
  const own = parseSocketPlace('127.0.0.1:53', 'dns')
  const system = (): readonly string[] => ['127.0.0.1', '10.0.0.2', 'fe80::1']
  assert.deepEqual(systemResolvers([], own, system)().map(formatSocketPlace), ['10.0.0.2:53', '[fe80::1]:53'])
  assert.deepEqual(systemResolvers(['10.0.0.9:5353', '127.0.0.1'], own, system)().map(formatSocketPlace), [
    '10.0.0.9:5353',
  ])
  assert.throws(() => parseSocketPlace('localhost:53', 'dns'), /dns: "localhost:53" is no address/)
})
