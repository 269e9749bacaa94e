import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { PosternProcess, StubRelay } from '@postern/testkit'
import { Bridge } from '../bridge.ts'

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** A relay process on a port that it is told, with keys that stay. */
async function startRelay(folder: string, port: number): Promise<{ readonly process: PosternProcess; port: number }> {
  const resources = join(folder, 'resources.yaml')
  const keys = '{ name: both, rights: [Listen, Send], primaryKey: first-key, secondaryKey: second-key }'
  writeFileSync(
    resources,
    `namespaces: [{ name: local, default: true, rules: [${keys}], hybridConnections: [{ name: db }] }]\n`,
  )
  const command = ['up', '--in-memory', '--json', '--tls', 'off', '--bind', '127.0.0.1', '--management-port', '0']
  const process = new PosternProcess([...command, '--resources', resources, '--data-port', String(port)])
  const [, data] = await process.waitFor('stdout', /"data":"http:\/\/[^:"]+:(\d+)/)
  return { process, port: Number(data) }
}

async function startEcho(t: TestContext): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as { port: number }).port
}

test('a connection goes on when the relay process is killed and started again, not a byte is lost', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-killed-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const first = await startRelay(folder, 0)
  const connectionString = `Endpoint=sb://127.0.0.1:${first.port}/;SharedAccessKeyName=both;SharedAccessKey=first-key`
  await using bridge = new Bridge({
    relay: { connectionString, tls: false },
    remoteForwards: [`db:127.0.0.1:${await startEcho(t)}`],
    localForwards: ['127.0.0.1:0:db'],
  })
  await bridge.start()
  await bridge.online(AbortSignal.timeout(30_000))
  const port = Number(bridge.status[1]?.addresses[0]?.split(':')[1])
  const client = connect({ port, host: '127.0.0.1' })
  const heard: Buffer[] = []
  client.on('data', (chunk: Buffer) => heard.push(chunk))
  const parts = [randomBytes(3_000_000), randomBytes(3_000_000)] as const
  const hearing = once(client, 'data', { signal: AbortSignal.timeout(30_000) })
  client.write(parts[0])
  await hearing
  first.process.kill('SIGKILL')
  await first.process.end()
  const second = await startRelay(folder, first.port)
  t.after(() => second.process.kill('SIGKILL'))
  const backAtMs = performance.now()
  client.end(parts[1])
  await once(client, 'end', { signal: AbortSignal.timeout(30_000) })
  assert.equal(hashOf(Buffer.concat(heard)), hashOf(Buffer.concat(parts)))
  // Both ends are back within 5 s; the rest is for a slow machine.
  assert.ok(performance.now() - backAtMs < 15_000)
  assert.equal(bridge.status[1]?.lastError, undefined)
})

test('a connection is cut when the relay stays away longer than it may wait', async (t) => {
  const relay = await StubRelay.start()
  await using bridge = new Bridge({
    relay: relay.location,
    remoteForwards: [`db:127.0.0.1:${await startEcho(t)}`],
    localForwards: ['127.0.0.1:0:db'],
    resume: { timeoutMs: 1_500 },
  })
  await bridge.start()
  await bridge.online(AbortSignal.timeout(30_000))
  const client = connect({ port: Number(bridge.status[1]?.addresses[0]?.split(':')[1]), host: '127.0.0.1' })
  client.write('there?')
  await once(client, 'data', { signal: AbortSignal.timeout(30_000) })
  const killedAtMs = performance.now()
  await relay.kill()
  // Without the rule it would be a minute.
  const [error] = await once(client, 'error', { signal: AbortSignal.timeout(30_000) })
  assert.equal((error as NodeJS.ErrnoException).code, 'ECONNRESET')
  assert.ok(performance.now() - killedAtMs >= 1_500)
})
