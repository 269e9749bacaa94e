import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { StubRelay } from '@postern/testkit'
import {
  connectionStringOf,
  open,
  putEntity,
  signal,
  startBed,
  startBedRelay,
  startTarget,
} from '../hcm-bed.contract.ts'

test('a relay that goes silent holds up no change of other hybrid connections', async (t) => {
  await using silent = await StubRelay.start()
  await using relay = await startBedRelay()
  await using target = await startTarget('one')
  await putEntity(relay, 'db', `127.0.0.1:${target.port}`)
  const { control, until } = await startBed(t)
  const key = 'SharedAccessKeyName=listen;SharedAccessKey=k'
  const connectionString = `Endpoint=sb://127.0.0.1:${silent.port}/;${key};EntityPath=mute`
  void control.call('add', { connectionString, follow: false }).catch(() => {})
  const channel = await silent.listener()
  await until('mute', ({ Status }) => Status === 'Connected')
  // It reads no more, so that it never answers the good-bye.
  channel.socket.pause()
  const startedAtMs = performance.now()
  const removed = control.call('remove', { name: 'mute' })
  while ((await control.call('list', {})).length > 0);
  await control.call('add', { connectionString: connectionStringOf(relay, 'db'), follow: false })
  await control.call('restart', { name: 'db' })
  const tookMs = performance.now() - startedAtMs
  assert.ok(tookMs < 3_000, `${tookMs} ms`)
  for (const { socket } of silent.controlChannels) socket.terminate()
  await removed
})

test('streams of a removed hybrid connection may go on for a while, and nobody waits for them', async (t) => {
  await using relay = await startBedRelay()
  await using target = await startTarget('one')
  for (const name of ['a', 'b']) await putEntity(relay, name, `127.0.0.1:${target.port}`)
  const { control } = await startBed(t)
  await control.call('add', { connectionString: connectionStringOf(relay, 'a'), follow: false })
  const stream = await open(relay, 'a')
  const cut = new Promise((resolve) => stream.once('close', resolve))
  const startedAtMs = performance.now()
  await control.call('remove', { name: 'a' })
  await control.call('add', { connectionString: connectionStringOf(relay, 'b'), follow: false })
  const tookMs = performance.now() - startedAtMs
  assert.ok(tookMs < 1_900, `${tookMs} ms`)
  assert.equal(stream.destroyed, false)
  await cut
})

test('add says how it is in under a second, even when the target does not answer at all', async (t) => {
  await using relay = await startBedRelay()
  await using target = await startTarget('one')
  await putEntity(relay, 'db', `127.0.0.1:${target.port}`)
  await putEntity(relay, 'mute', `127.0.0.1:${await mutePort(t)}`)
  const { control } = await startBed(t)
  const near = await control.call('add', { connectionString: connectionStringOf(relay, 'db'), follow: false })
  assert.deepEqual([near.Status, near.Target, near.Problem], ['Connected', 'Reachable', undefined])
  const startedAtMs = performance.now()
  const far = await control.call('add', { connectionString: connectionStringOf(relay, 'mute'), follow: false })
  const tookMs = performance.now() - startedAtMs
  assert.deepEqual([far.Status, far.Target], ['Connected', 'Unknown'])
  assert.ok(tookMs > 400 && tookMs < 1_500, `${tookMs} ms`)
})

/** A port where connections are neither taken nor refused: its program sleeps, and nobody else fits into the queue. */
async function mutePort(t: TestContext): Promise<number> {
  const script =
    "const s = net.createServer().listen({port: 0, host: '127.0.0.1', backlog: 1}, () => console.log(s.address().port))"
  const program = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => program.kill('SIGKILL'))
  const [line] = await once(program.stdout, 'data', { signal: signal() })
  program.kill('SIGSTOP')
  for (let i = 0; i < 4; i += 1) {
    const socket = connect(Number(line), '127.0.0.1').on('error', () => {})
    t.after(() => socket.destroy())
  }
  return Number(line)
}
