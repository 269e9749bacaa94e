import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dialTcp } from './dial-tcp.ts'

test('a port that is none is refused, and no other one is dialed', () => {
  for (const port of [65_536 + 9, -1, 1.5, Number.NaN]) {
    assert.throws(() => dialTcp({ host: '127.0.0.1', port }), { code: 'ERR_SOCKET_BAD_PORT' }, String(port))
  }
})
