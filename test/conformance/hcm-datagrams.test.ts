import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Connector } from '@postern/connector'
import { type RunningHcm, runHcm } from '@postern/hcm'
import { Secret, silentLogger } from '@postern/program'
import { startTestRelay } from '@postern/testkit'
import { TcpTarget } from '../system/tcp-target.ts'

// UDP from end to end: program, connector, relay, HCM, service. Streams of carriers alone have datagrams with framing raw.

const signal = (): AbortSignal => AbortSignal.timeout(20_000)
const folderOf = (t: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'hcm-datagrams-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Answers every datagram with its length and its bytes, and counts who asks. */
async function startService(t: TestContext): Promise<{ readonly port: number; readonly askers: Set<number> }> {
  const askers = new Set<number>()
  const service = createSocket('udp4')
  service.on('message', (datagram, { port, address }) => {
    askers.add(port)
    service.send([`${datagram.length} `, datagram.subarray(0, 100)], port, address)
  })
  service.bind(0, '127.0.0.1')
  await once(service, 'listening')
  t.after(() => service.close())
  return { port: service.address().port, askers }
}

interface Way {
  readonly hcm: RunningHcm
  readonly connector: Connector
  /** A program of its own, with a socket of its own. */
  readonly client: () => Socket
  readonly ask: (client: Socket, question: Uint8Array | string) => Promise<string>
}

async function startWay(t: TestContext, port: number, carriers?: 'auto' | 'off'): Promise<Way> {
  const metadata = JSON.stringify([{ key: 'endpoint', value: `127.0.0.1:${port}` }])
  const rules = [{ name: 'root', rights: ['Listen', 'Send', 'Manage'] as ['Listen', 'Send', 'Manage'] }]
  const hybridConnections = [{ name: 'dns', userMetadata: metadata }]
  const relay = await startTestRelay({
    options: { tls: 'off' },
    resources: { namespaces: [{ name: 'local', default: true, rules, hybridConnections }] },
  })
  t.after(() => relay[Symbol.asyncDispose]())
  const connectionString = relay.access('dns').listen
  const hcm = await runHcm({ folder: folderOf(t), tls: false, logger: silentLogger, ...(carriers && { carriers }) })
  t.after(() => hcm.stop({ graceMs: 0 }))
  await hcm.service.add(new Secret(connectionString))
  const connector = new Connector({
    endpoints: [{ endpoint: `dns.corp:${port}U`, connectionString }],
    tls: false,
    searchDomains: [],
  })
  t.after(() => connector.stop({ graceMs: 0 }))
  await connector.start()
  const address = (await connector.addressOf('dns.corp')) ?? ''
  return {
    ...{ hcm, connector },
    client: () => {
      const client = createSocket('udp4')
      t.after(() => client.close())
      return client
    },
    ask: async (client, question) => {
      client.send(question, port, address)
      const [answer] = await once(client, 'message', { signal: signal() })
      return String(answer)
    },
  }
}

test('datagrams of any size pass connector, relay and HCM whole, each program with a session of its own', async (t) => {
  const { port, askers } = await startService(t)
  const { client, ask, hcm } = await startWay(t, port)
  const clients = Array.from({ length: 20 }, client)
  const answers = await Promise.all(clients.map((each, index) => ask(each, `question ${index}`)))
  assert.deepEqual(
    answers,
    clients.map((_, index) => `${`question ${index}`.length} question ${index}`),
  )
  assert.equal(askers.size, 20)
  const [first] = clients as [Socket]
  assert.equal(await ask(first, ''), '0 ')
  assert.equal((await ask(first, Buffer.alloc(65_507, 'x'))).slice(0, 8), '65507 xx')
  assert.equal(await ask(first, 'after'), '5 after')
  assert.equal(askers.size, 20)
  assert.equal(hcm.service.list()[0]?.StreamsTotal, 20)
})

test('UDP to an HCM without carriers ends with the reason, and its TCP service hears nothing', async (t) => {
  let heard = 0
  await using service = await TcpTarget.start((socket) => socket.on('data', ({ length }) => (heard += length)))
  const { client, ask, connector } = await startWay(t, service.port, 'off')
  ask(client(), 'question').catch(() => {})
  const patience = signal()
  while (!JSON.stringify(connector.status).includes('UDP needs a listener of ours with carriers')) {
    patience.throwIfAborted()
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.equal(heard, 0)
})
