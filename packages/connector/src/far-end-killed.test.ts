import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectTcp, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { Bridge } from '@postern/bridge'
import { connect } from '@postern/client'
import { PosternProcess, type TestRelay } from '@postern/testkit'
import {
  connectionStringOf,
  folderFor,
  freePort,
  signal,
  startBedRelay,
  startConnector,
} from './connector-bed.contract.ts'

const part = Buffer.alloc(5_000, 'half of it ')

/** A Hybrid Connection Manager in a process of its own that was told what to serve. */
class Manager {
  readonly #folder: string
  readonly #env: Readonly<Record<string, string>>
  #process: PosternProcess | undefined

  constructor(folder: string) {
    this.#folder = folder
    this.#env = { POSTERN_HCM_DIR: join(folder, 'hcm') }
  }

  async start(): Promise<void> {
    this.#process = new PosternProcess(['hcm', 'run', '--no-tls', '--json'], { env: this.#env, cwd: this.#folder })
    await this.#process.waitFor('stderr', /hcm\.started/)
  }

  async add(connectionString: string): Promise<void> {
    const { code, stderr } = await PosternProcess.run(['hcm', 'add', connectionString], { env: this.#env })
    assert.equal(code, 0, stderr)
  }

  async untilOnline(): Promise<void> {
    await this.#process?.waitFor('stderr', /hcm\.online/)
  }

  async kill(): Promise<void> {
    this.#process?.kill('SIGKILL')
    await this.#process?.end()
  }
}

/** Answers a part of what there is to everybody, and the rest only to who asks for it. */
async function startTarget(t: TestContext): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', (word) => {
      socket.write(part)
      if (String(word) === 'all') socket.end(part)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return (server.address() as { port: number }).port
}

type Way = () => Promise<Duplex>

/** Every way in which a program of ours leads to a Hybrid Connection Manager, by name. */
async function openWays(t: TestContext, relay: TestRelay): Promise<Readonly<Record<string, Way>>> {
  const connectionString = connectionStringOf(relay, 'db')
  const port = await freePort()
  const connector = await startConnector(t, [{ endpoint: `db.corp:${port}`, connectionString }])
  const forwards = { localForwards: ['127.0.0.1:0:db'], framing: 'raw' } as const
  const bridges = await Promise.all(
    (['auto', 'off'] as const).map(async (carriers) => {
      const place = connectionString.replace(/;EntityPath=.*/, '')
      const bridge = new Bridge({ relay: { connectionString: place, tls: false }, ...forwards, carriers })
      t.after(() => bridge.stop({ graceMs: 0 }))
      await bridge.start()
      return Number(bridge.status[0]?.addresses[0]?.split(':')[1])
    }),
  )
  const host = await connector.addressOf('db.corp')
  const dial = (place: { readonly host?: string | undefined; readonly port: number }): Duplex =>
    connectTcp({ host: place.host ?? '127.0.0.1', port: place.port, allowHalfOpen: true })
  return {
    connector: async () => dial({ host, port }),
    'connect() of the connector': () => connector.connect({ host: 'db.corp', port, signal: signal() }),
    'bridge -L': async () => dial({ port: bridges[0] ?? 0 }),
    'bridge -L without carriers': async () => dial({ port: bridges[1] ?? 0 }),
    'connect() of the client': () => connect({ connectionString, tls: false, signal: signal() }),
  }
}

/** Everything until the end; rejects when it is cut. */
class Conversation {
  readonly stream: Duplex
  readonly over: Promise<number>
  #heardBytes = 0

  constructor(stream: Duplex) {
    this.stream = stream
    this.over = new Promise((resolve, reject) => {
      stream.on('data', (chunk: Buffer) => {
        this.#heardBytes += chunk.length
      })
      stream.once('end', () => resolve(this.#heardBytes)).once('error', reject)
    })
    this.over.catch(() => {})
  }

  async untilHeard(bytes: number): Promise<void> {
    while (this.#heardBytes < bytes) await once(this.stream, 'data', { signal: signal() })
  }
}

/** A Hybrid Connection Manager that serves, and a stream half way through by each way. */
async function openBed(t: TestContext) {
  const targetPort = await startTarget(t)
  const entities = [{ name: 'db', endpoint: `127.0.0.1:${targetPort}` }]
  const relay = await startBedRelay(entities)
  t.after(() => relay[Symbol.asyncDispose]())
  const manager = new Manager(folderFor(t))
  t.after(() => manager.kill())
  await manager.start()
  await manager.add(connectionStringOf(relay, 'db', 'root'))
  await manager.untilOnline()
  const ways = await openWays(t, relay)
  const half = new Map<string, Conversation>()
  for (const [name, open] of Object.entries(ways)) {
    await expectWhole(open, name)
    half.set(name, await openHalf(open))
  }
  const reviveRelay = async (): Promise<void> => {
    const next = await startBedRelay(entities, Number(relay.host.split(':')[1]))
    t.after(() => next[Symbol.asyncDispose]())
  }
  return { relay, manager, ways, half, reviveRelay }
}

async function expectWhole(open: Way, name: string): Promise<void> {
  const { stream, over } = new Conversation(await open())
  stream.end('all')
  assert.equal(await over, 2 * part.length, name)
}

async function openHalf(open: Way): Promise<Conversation> {
  const conversation = new Conversation(await open())
  conversation.stream.write('a part')
  await conversation.untilHeard(part.length)
  return conversation
}

const isCut = ({ code = '' }: NodeJS.ErrnoException): boolean => /^(?:ECONNRESET|ConnectionFailed)$/.test(code)

test('a stream whose Hybrid Connection Manager is killed is cut, whatever leads there; only a whole one ends', async (t) => {
  const { manager, half } = await openBed(t)
  await manager.kill()
  await manager.start()
  for (const [name, { over }] of half) await assert.rejects(over, isCut, name)
})

test('so it is when the relay dies at the same time; new streams come to their end then', async (t) => {
  const { relay, manager, ways, half, reviveRelay } = await openBed(t)
  await Promise.all([manager.kill(), relay[Symbol.asyncDispose]()])
  await Promise.all([manager.start(), reviveRelay()])
  for (const [name, { over }] of half) await assert.rejects(over, isCut, name)
  await manager.untilOnline()
  for (const [name, open] of Object.entries(ways)) await expectWhole(open, name)
})
