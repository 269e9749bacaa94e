import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BridgeLines } from './bridge-lines.ts'

function collect(options: { readonly level?: 'debug' | 'error' } = {}): {
  readonly lines: BridgeLines
  readonly said: string[]
  readonly clock: { timeMs: number }
} {
  const said: string[] = []
  const clock = { timeMs: 0 }
  const write = (line: string): void => void said.push(line)
  return { lines: new BridgeLines({ write, now: () => clock.timeMs, ...options }), said, clock }
}

test('the same failure is said once a minute, and again after the bridge was online', () => {
  const { lines, said, clock } = collect()
  const fail = (): void => lines.warn('forwarder.offline', { relay: 'db', message: 'db: 401 no.' })
  fail()
  clock.timeMs = 59_999
  fail()
  assert.deepEqual(said, ['1970-01-01T00:00:00.000Z db: 401 no. Trying again.\n'])
  clock.timeMs = 60_000
  fail()
  assert.equal(said.length, 2)
  lines.info('forwarder.online', { relay: 'db', targets: ['127.0.0.1:5432'] })
  fail()
  assert.deepEqual(said.slice(2), [
    '1970-01-01T00:01:00.000Z db: online, the relay leads to 127.0.0.1:5432\n',
    '1970-01-01T00:01:00.000Z db: 401 no. Trying again.\n',
  ])
})

test('connections are said only when asked for', () => {
  const event = ['forwarder.connection-opened', { relay: 'db', trackingId: 'T' }] as const
  const quiet = collect()
  quiet.lines.debug(...event)
  assert.deepEqual(quiet.said, [])
  const verbose = collect({ level: 'debug' })
  verbose.lines.debug(...event)
  assert.deepEqual(verbose.said, ['1970-01-01T00:00:00.000Z db: connection opened trackingId="T"\n'])
})
