import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { Logger } from '@postern/program'
import { RelayError } from '@postern/protocol'
import { Health } from '../telemetry/health.ts'
import { type RelayProbe, RelayReach, type RelayReachOptions } from './relay-reach.ts'

interface Bed {
  readonly relay: RelayReach
  readonly health: Health
  /** `level event` of each line. */
  readonly lines: string[]
  readonly until: (condition: () => boolean) => Promise<void>
}

function bedOf(t: TestContext, probe: Partial<RelayProbe>, options: Partial<RelayReachOptions> = {}): Bed {
  const health = new Health()
  const lines: string[] = []
  const note = (level: string) => (event: string) => void lines.push(`${level} ${event}`)
  const log: Logger = {
    error: note('error'),
    warn: note('warn'),
    info: note('info'),
    debug: note('debug'),
    child: () => log,
  }
  const whole = { reach: async () => {}, ask: async () => {}, ...probe }
  const relay = new RelayReach({ probe: whole, health, log, intervalMs: 5, refusedIntervalMs: 5, ...options })
  t.after(() => relay.stop())
  const until = async (condition: () => boolean): Promise<void> => {
    const deadline = AbortSignal.timeout(10_000)
    while (!condition()) {
      deadline.throwIfAborted()
      await new Promise(setImmediate)
    }
  }
  return { relay, health, lines, until }
}

test('a relay that goes is away until it is back, and the reason says why, once in the log', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  let looks = 0
  const { relay, health, lines, until } = bedOf(t, {
    reach: async (signal) => {
      looks += 1
      const socket = connect(port, '127.0.0.1')
      await once(socket, 'connect', { signal })
      socket.destroy()
    },
  })
  await relay.look()
  assert.deepEqual([relay.isAway, health.reasons, lines], [false, [], []])
  server.close()
  await until(() => relay.isAway)
  assert.match(health.reasons[0]?.message ?? '', /^the relay cannot be reached: connect ECONNREFUSED/)
  const before = looks
  await until(() => looks > before + 3)
  assert.deepEqual(lines, ['error ingress.relay-lost'])
  server.listen(port, '127.0.0.1')
  t.after(() => server.close())
  await until(() => !relay.isAway)
  assert.deepEqual(health.reasons, [])
  assert.deepEqual(lines, ['error ingress.relay-lost', 'info ingress.relay-back'])
})

test('a hybrid connection that the relay refuses is told once, and asked for again until it is accepted', async (t) => {
  let refuses = true
  let asked = 0
  const ask: RelayProbe['ask'] = async (name) => {
    asked += 1
    if (name !== 'db' || !refuses) return
    throw new RelayError('TokenSignatureInvalid', { message: `The token is wrong. TrackingId:${asked}_G0` })
  }
  const { relay, health, lines, until } = bedOf(t, { ask })
  relay.follow(['db', 'shop', 'db'])
  await relay.look()
  assert.deepEqual([relay.isAway, relay.accepts('db'), relay.accepts('shop')], [false, false, true])
  assert.match(health.reasons[0]?.message ?? '', /^the relay refuses this process at "db": The token is wrong\. [A-Z]/)
  const before = asked
  await until(() => asked > before + 3)
  assert.deepEqual(lines, ['error ingress.relay-refuses'])
  refuses = false
  await until(() => relay.accepts('db'))
  assert.deepEqual(health.reasons, [])
  assert.deepEqual(lines, ['error ingress.relay-refuses', 'info ingress.relay-accepts'])
})

test('a device that the relay refused makes it ask for the right, not for the credential alone', async (t) => {
  let hasRight = true
  const asked: boolean[] = []
  const ask: RelayProbe['ask'] = async (_, { isDoubted }) => {
    asked.push(isDoubted)
    if (!hasRight && isDoubted) throw new RelayError('RightMissing')
  }
  const { relay, until } = bedOf(t, { ask })
  relay.follow(['db'])
  await relay.look()
  await relay.look()
  assert.deepEqual(asked, [true], 'what was accepted is not asked for at each look')
  assert.equal(relay.doubt('db', 'TargetUnreachable'), false)
  assert.equal(relay.doubt('db', 'AddressNotAllowed'), false, 'that may be the entry')
  hasRight = false
  assert.equal(relay.doubt('db', 'RightMissing'), true)
  await until(() => !relay.accepts('db'))
  assert.deepEqual(asked.slice(0, 2), [true, true])
})

test('a relay that answers nothing useful when it is asked is away', async (t) => {
  const ask = (): Promise<void> => Promise.reject(new RelayError('ServerBusy'))
  const { relay, health } = bedOf(t, { ask })
  relay.follow(['db'])
  await relay.look()
  assert.equal(relay.isAway, true)
  assert.match(health.reasons[0]?.message ?? '', /^the relay cannot be reached: /)
})
