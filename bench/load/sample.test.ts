import assert from 'node:assert/strict'
import { test } from 'node:test'

import { demandTraffic } from './sample.ts'

test('bulk that moved no byte is a failure, and says what the load has complained about', () => {
  assert.throws(() => demandTraffic({ mode: 'down' }, { bytes: 0, operations: 0 }, ''), {
    message: 'no byte came through: silence',
  })
  assert.throws(() => demandTraffic({ mode: 'up' }, { bytes: 0, operations: 0 }, 'tcpload: connect: refused'), {
    message: 'no byte came through: tcpload: connect: refused',
  })
  assert.doesNotThrow(() => demandTraffic({ mode: 'both' }, { bytes: 1, operations: 0 }, ''))
})

test('no round trip, connection or request is a failure, whatever bulk did beside it', () => {
  for (const mode of ['ping', 'connect', 'http', 'relayed-http'] as const) {
    assert.throws(() => demandTraffic({ mode }, { bytes: 0, operations: 0 }, ''), /no answer came through/)
    assert.doesNotThrow(() => demandTraffic({ mode }, { bytes: 0, operations: 1 }, ''))
  }
  const beside = { mode: 'ping', bulkConnections: 20 } as const
  assert.throws(() => demandTraffic(beside, { bytes: 1e9, operations: 0 }, ''), /no answer came through/)
  assert.throws(() => demandTraffic(beside, { bytes: 0, operations: 9 }, ''), /no byte came through/)
})
