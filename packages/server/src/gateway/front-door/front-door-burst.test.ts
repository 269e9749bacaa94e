import assert from 'node:assert/strict'
import { once } from 'node:events'
import * as net from 'node:net'
import { duplexPair } from 'node:stream'
import { after, before, type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import * as tls from 'node:tls'
import { silentLogger } from '@postern/program'
import { DevelopmentAuthority } from '../../certificates/development-authority.ts'
import { TlsSettings } from '../../certificates/tls-settings.ts'
import { ClientAddress } from './client-address.ts'
import { FrontDoor } from './front-door.ts'

let authority: DevelopmentAuthority
before(async () => {
  authority = new DevelopmentAuthority({ logger: silentLogger })
  await authority.start()
})
after(() => authority.stop())

const burst = 40
const deadlineTurns = 20_000
const upgrade = 'GET /a HTTP/1.1\r\nHost: relay.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

async function startDoor(t: TestContext, { isSecure = false, maxUnauthorizedConnections = 1_000 }) {
  const upgrades: number[] = []
  const turns = countTurns(t)
  const settings = isSecure ? new TlsSettings({ source: authority }) : undefined
  const door = new FrontDoor({
    handler: {
      onRequest: (_request, response) => void response.end(),
      onCheckContinue: (_request, response) => void response.end(),
      onUpgrade: (_request, socket) => {
        upgrades.push(turns.now)
        // What authorising a listener and opening its control channel takes.
        const endMs = performance.now() + 0.5
        while (performance.now() < endMs);
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
      },
    },
    ...(settings && { tls: settings }),
    limits: {
      maxHeaderBytes: 16_384,
      maxHeaderCount: 50,
      handshakeTimeoutMs: 10_000,
      maxUnauthorizedConnections,
      maxUnauthorizedConnectionsPerAddress: 1_000,
    },
    clientAddress: new ClientAddress({ trustedProxies: [] }),
    logger: silentLogger,
  })
  t.after(async () => {
    settings?.stop()
    await door.close()
  })
  const { port } = await door.listen({ host: '127.0.0.1', port: 0 })
  return { door, port, upgrades, turns }
}

/** Numbers the turns of the event loop. */
function countTurns(t: TestContext): { now: number } {
  const turns = { now: 0 }
  const next = (): void => {
    turns.now += 1
    immediate = setImmediate(next)
  }
  let immediate = setImmediate(next)
  t.after(() => clearImmediate(immediate))
  return turns
}

/** Connections that have not said anything yet, with the turns in which they were answered. */
async function dial(t: TestContext, { door, port, turns }: Awaited<ReturnType<typeof startDoor>>, count: number) {
  const answers: number[] = []
  let closed = 0
  const sockets = Array.from({ length: count }, () => net.connect({ host: '127.0.0.1', port }))
  for (const socket of sockets) {
    socket.on('error', () => {}).once('data', () => answers.push(turns.now))
    socket.once('close', () => (closed += 1))
    t.after(() => socket.destroy())
  }
  await until(() => door.connections + closed === count)
  return { sockets, answers, closed: () => closed }
}

async function until(isThere: () => boolean): Promise<void> {
  for (let turns = 0; !isThere(); turns++) {
    assert.ok(turns < deadlineTurns, 'it does not come')
    await turn()
  }
}

/** The first bytes of a TLS client. */
async function makeClientHello(): Promise<Buffer> {
  const [near, far] = duplexPair()
  const client = tls.connect({ socket: near, servername: 'localhost' }).on('error', () => {})
  const [hello] = (await once(far, 'data')) as [Buffer]
  client.destroy()
  return hello
}

function mostInOneTurn(turns: readonly number[]): number {
  return Math.max(...Array.from(Map.groupBy(turns, (turn) => turn).values(), ({ length }) => length))
}

test('handshakes that begin at the same moment are answered a few a turn, and all of them are', async (t) => {
  const started = await startDoor(t, { isSecure: true })
  const { sockets, answers } = await dial(t, started, burst)
  const hello = await makeClientHello()
  for (const socket of sockets) socket.write(hello)
  await until(() => answers.length === burst)
  assert.ok(mostInOneTurn(answers) <= 6, `${mostInOneTurn(answers)} in one turn`)
})

test('upgrades that come at the same moment are handled a few a turn, and all of them are', async (t) => {
  const started = await startDoor(t, {})
  const { sockets } = await dial(t, started, burst)
  for (const socket of sockets) socket.write(upgrade)
  await until(() => started.upgrades.length === burst)
  assert.ok(mostInOneTurn(started.upgrades) <= 8, `${mostInOneTurn(started.upgrades)} in one turn`)
})

test('who waits for a handshake is counted as a stranger: more than may be inside do not get one', async (t) => {
  const started = await startDoor(t, { isSecure: true, maxUnauthorizedConnections: 5 })
  const { sockets, answers, closed } = await dial(t, started, burst)
  assert.equal(closed(), burst - 5)
  const hello = await makeClientHello()
  for (const socket of sockets) if (!socket.destroyed) socket.write(hello)
  await until(() => answers.length === 5)
  assert.equal(started.door.unauthorizedConnections, 5)
})

test('who leaves before its turn gets no handshake, and is forgotten', async (t) => {
  const started = await startDoor(t, { isSecure: true })
  const { sockets, answers } = await dial(t, started, burst)
  const hello = await makeClientHello()
  for (const socket of sockets) socket.write(hello)
  for (const socket of sockets.slice(1)) socket.resetAndDestroy()
  await until(() => started.door.connections === 1 && answers.length === 1)
  assert.equal(started.door.unauthorizedConnections, 1)
})
