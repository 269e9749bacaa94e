// docs/protocol/messages.md: streaming senders and subscribers by WebSocket are pinged as listeners are.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RawWebSocket } from '@postern/testkit'
import { Opcode } from '@postern/websocket'
import { post, receivers, startMessageRelay, stream, subscribe } from './message-relay.ts'
import { metrics } from './metrics.ts'

/** Answers so many pings, and nothing else. */
async function answerPings(socket: RawWebSocket, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    const { opcode, payload } = await socket.frames.next()
    assert.equal(opcode, Opcode.ping)
    socket.send(Opcode.pong, payload)
  }
}

test('a subscriber and a streaming sender that answer no ping are dropped, and give back their places', async () => {
  await using relay = await startMessageRelay({ pingInterval: '200ms', maxConnectionsPerNamespace: 3 })
  const silent = [await subscribe(relay), await stream(relay, 'publish')]
  const living = await subscribe(relay)
  const answering = answerPings(living, 8)
  for (const { frames, ended } of silent) {
    assert.equal((await frames.next()).opcode, Opcode.ping)
    await ended
  }
  await answering
  await metrics.until(relay, 'postern_subscribers', 1)
  await metrics.until(relay, 'postern_streaming_senders', 0)
  assert.equal(receivers(await post(relay, 'publish', 'x')), 1)
})
