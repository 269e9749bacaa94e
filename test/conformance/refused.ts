import assert from 'node:assert/strict'
import { HandshakeRefused } from '@postern/websocket'

/** Waits for a handshake to be refused, and gives the refusal; fails when it is not. */
export async function refused(attempt: Promise<unknown>): Promise<HandshakeRefused> {
  try {
    await attempt
  } catch (error) {
    assert.ok(error instanceof HandshakeRefused, String(error))
    return error
  }
  throw new assert.AssertionError({ message: 'the handshake was not refused' })
}
