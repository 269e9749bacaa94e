import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BridgeLines } from './bridge-lines.ts'

function collect(options: { readonly level?: 'debug' | 'error' } = {}): {
  readonly lines: BridgeLines
  readonly said: string[]
} {
  const said: string[] = []
  const write = (line: string): void => void said.push(line)
  return { lines: new BridgeLines({ write, now: () => 0, ...options }), said }
}

test('what happens is said in sentences', () => {
  const { lines, said } = collect()
  lines.warn('forwarder.offline', { relay: 'db', message: 'db: 401 no.' })
  lines.info('forwarder.online', { relay: 'db', targets: ['127.0.0.1:5432'] })
  assert.deepEqual(said, [
    '1970-01-01T00:00:00.000Z db: 401 no. Trying again.\n',
    '1970-01-01T00:00:00.000Z db: online, the relay leads to 127.0.0.1:5432\n',
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
