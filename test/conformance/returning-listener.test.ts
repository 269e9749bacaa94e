// A listener whose network broke comes back under its id while the relay still believes in its old control channel.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ScriptedListener, startTestRelay, type TestRelay } from '@postern/testkit'
import { RecordingLogger } from './recording-logger.ts'

const id = '5bd0d6a2-0f6c-4f6e-9b6f-0d8d3f9f6a11'

/** Connects so many senders, and says how often each of the listeners was asked. */
async function share(relay: TestRelay, listeners: readonly ScriptedListener[], senders: number): Promise<number[]> {
  for (let i = 0; i < senders; i += 1) void relay.connect('open').catch(() => {})
  const counts = listeners.map(() => 0)
  let asked = 0
  await Promise.all(
    listeners.map(async (listener, index) => {
      while (asked < senders) {
        const message = await listener.messages.next(1_000).catch(() => undefined)
        if (message?.kind !== 'accept') continue
        counts[index] = (counts[index] ?? 0) + 1
        asked += 1
      }
    }),
  )
  return counts
}

test('a listener that comes back gets every sender at once, and its silent old channel is cut', async () => {
  const log = new RecordingLogger()
  await using relay = await startTestRelay({ log })
  const old = await relay.listen('open', { id })
  // It reads nothing more, so it answers no ping.
  old.control.socket.pause()
  const back = await relay.listen('open', { id: id.toUpperCase() })
  assert.deepEqual(await share(relay, [old, back], 12), [0, 12])
  const deadline = Date.now() + 10_000
  while (!log.lines.some(({ event }) => event === 'listener.silent')) {
    assert.ok(Date.now() < deadline, 'the silent channel is still there')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  old.control.socket.resume()
  await old.control.ended
})

test('two listeners of one id that both live share the senders', async () => {
  await using relay = await startTestRelay()
  const one = await relay.listen('open', { id })
  const other = await relay.listen('open', { id })
  const counts = await share(relay, [one, other], 60)
  assert.ok(
    counts.every((count) => count > 0),
    String(counts),
  )
})

test('a listener of another id casts no doubt on a silent one', async () => {
  await using relay = await startTestRelay()
  const silent = await relay.listen('open', { id })
  silent.control.socket.pause()
  await relay.listen('open')
  for (let i = 0; i < 40; i += 1) void relay.connect('open').catch(() => {})
  silent.control.socket.resume()
  await silent.nextAccept()
})
