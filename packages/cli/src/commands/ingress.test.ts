import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { Bridge } from '@postern/bridge'
import { PosternProcess, startTestRelay } from '@postern/testkit'

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-ingress-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

function declared(...ingress: readonly object[]): string {
  return JSON.stringify({ namespaces: [{ name: 'local', ingress }] })
}

const entry = { name: 'a', port: 0, hybridConnection: 'echo', access: 'open' }

interface Running {
  readonly process: PosternProcess
  readonly file: string
  /** `http://127.0.0.1:port` of its health port. */
  readonly health: string
  /** Says hello to the entry `a`. @returns all that was answered */
  readonly ask: () => Promise<string>
}

/** An ingress process beside a relay, whose hybrid connection `echo` answers what it is sent. */
async function startBesideRelay(t: TestContext): Promise<Running> {
  const parts = new AsyncDisposableStack()
  t.after(() => parts.disposeAsync())
  const relay = parts.use(await startTestRelay())
  const service = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket)).listen(0, '127.0.0.1')
  await once(service, 'listening')
  parts.defer(() => void service.close())
  const { port } = service.address() as { port: number }
  const bridge = new Bridge({
    relay: { connectionString: relay.access('echo').listen.replace(/;EntityPath=[^;]*/, ''), tls: relay.tls },
    remoteForwards: [`echo:127.0.0.1:${port}`],
    framing: 'raw',
  })
  await bridge.start()
  parts.defer(() => bridge.stop({ graceMs: 0 }))
  await bridge.online(AbortSignal.timeout(15_000))

  const folder = await folderOf(t)
  const [file, caFile] = [join(folder, 'relay.yaml'), join(folder, 'ca.pem')]
  await writeFile(file, declared(entry))
  await writeFile(caFile, relay.relay.caPem ?? '')
  const env = { POSTERN_CONNECTION_STRING: relay.access('echo').send.replace(/;EntityPath=[^;]*/, '') }
  const args = ['ingress', '-f', file, '--health', '0', '--tls-ca', caFile]
  const running = parts.use(new PosternProcess(args, { env }))
  const [, bound = '', health = ''] = await running.waitFor('stderr', /"a:(\d+)".*?"health":(\d+)/)
  const ask = async (): Promise<string> => {
    const socket = connect({ port: Number(bound), host: '127.0.0.1', allowHalfOpen: true })
    socket.end('hello')
    return text(socket)
  }
  return { process: running, file, health: `http://127.0.0.1:${health}`, ask }
}

test('an ingress process opens ports with a Send key, follows its file, says when it is ready, and drains', async (t) => {
  const { process: running, file, health, ask } = await startBesideRelay(t)
  assert.equal(await ask(), 'hello')
  assert.equal((await fetch(`${health}/readyz`)).status, 200)

  await writeFile(file, declared({ ...entry, access: 'opne' }))
  await running.waitFor('stderr', /ingress\.file-refused.*must be one of open/)
  assert.equal(await ask(), 'hello')
  await writeFile(file, declared({ ...entry, access: undefined, allow: ['192.0.2.1'] }))
  await running.waitFor('stderr', /ingress\.reloaded/)
  assert.equal(await ask().catch(() => ''), '')
  running.kill('SIGTERM')
  assert.equal((await running.end()).code, 0)
})

test('an ingress process counts devices, their bytes and those that it refuses, by entry', async (t) => {
  const { process: running, file, health, ask } = await startBesideRelay(t)
  const page = async (): Promise<string> => (await fetch(`${health}/metrics`)).text()
  const of = (name: string): string => `postern_ingress_${name}{namespace="local",ingress="a"`
  assert.equal(await ask(), 'hello')
  assert.equal(await ask(), 'hello')
  await running.waitFor('stderr', /(ingress\.closed[^]*){2}/)
  const counted = await page()
  for (const line of [`${of('connections_total')}} 2`, `${of('connections')}} 0`, `${of('bytes_total')}} 20`]) {
    assert.ok(counted.includes(`${line}\n`), `${line}\n${counted}`)
  }
  assert.match(counted, /^postern_ready 1$/m)
  assert.match(counted, /^process_open_fds [1-9]/m)
  assert.doesNotMatch(counted, /entity=/, 'the relay counts for hybrid connections')

  await writeFile(file, declared({ ...entry, access: undefined, allow: ['192.0.2.1'] }, { ...entry, name: 'b' }))
  await running.waitFor('stderr', /ingress\.reloaded/)
  assert.equal(await ask().catch(() => ''), '')
  const refused = await page()
  assert.ok(refused.includes(`${of('refusals_total')},code="AddressNotAllowed"} 1\n`), refused)
  assert.match(refused, /^postern_refusals_total\{code="AddressNotAllowed",stage="ingress"\} 1$/m)

  await writeFile(file, declared({ ...entry, name: 'b' }))
  await running.waitFor('stderr', /(ingress\.reloaded[^]*){2}/)
  assert.doesNotMatch(await page(), /ingress="a"/)
})

test('a flood of refused devices does not fill the log of an ingress process: the rest is summed up', async (t) => {
  const { process: running, file, ask } = await startBesideRelay(t)
  await writeFile(file, declared({ ...entry, access: undefined, allow: ['192.0.2.1'] }))
  await running.waitFor('stderr', /ingress\.reloaded/)
  for (let at = 0; at < 130; at += 1) await ask().catch(() => '')
  running.kill('SIGTERM')
  const { stderr } = await running.end()
  const lines = stderr.split('\n').filter((line) => /"event":"ingress\.refused"/.test(line))
  const left = [...stderr.matchAll(/"ingress\.refused\.more","count":(\d+)/g)].reduce(
    (sum, [, n]) => sum + Number(n),
    0,
  )
  assert.ok(lines.length >= 100 && lines.length < 130, `${lines.length} lines`)
  assert.equal(lines.length + left, 130)
})

test('an ingress process without its relay is not ready, and says so', async (t) => {
  const folder = await folderOf(t)
  const file = join(folder, 'relay.yaml')
  await writeFile(file, declared(entry))
  const env = { POSTERN_CONNECTION_STRING: 'Endpoint=sb://127.0.0.1:1/;SharedAccessKeyName=a;SharedAccessKey=a' }
  await using running = new PosternProcess(['ingress', '-f', file, '--health', '0'], { env })
  const [, health = ''] = await running.waitFor('stderr', /"health":(\d+)/)
  const answer = await fetch(`http://127.0.0.1:${health}/readyz`)
  assert.equal(answer.status, 503)
  assert.match(await answer.text(), /the relay cannot be reached: .*ECONNREFUSED/)
  assert.equal((await fetch(`http://127.0.0.1:${health}/healthz`)).status, 200)
  assert.match(await (await fetch(`http://127.0.0.1:${health}/metrics`)).text(), /^postern_ready 0$/m)
})

test('what is wrong is said before anything is opened', async (t) => {
  const folder = await folderOf(t)
  const file = join(folder, 'relay.yaml')
  const { access: _, ...unguarded } = entry
  await writeFile(file, declared(unguarded))
  const short = join(folder, 'short.key')
  await writeFile(short, 'a word\n')
  const env = { POSTERN_CONNECTION_STRING: 'Endpoint=sb://localhost:1/;SharedAccessKeyName=a;SharedAccessKey=a' }
  const cases = [
    { args: ['-f', file], message: /nothing guards this port/ },
    { args: ['-f', join(folder, 'nowhere.yaml')], message: /cannot be read/ },
    { args: [], message: /No file: give -f/ },
    { args: ['-f', file, '--tls-cert', 'a.pem'], message: /needs its --tls-key/ },
    { args: ['-f', file, '--session-key-file', file], message: /nothing guards this port/ },
    {
      args: ['-f', file, '--session-key-file', short],
      message: /32 random characters or more; make one with: openssl/,
    },
    { args: ['-f', file, '--session-key-file', join(folder, 'nowhere')], message: /--session-key-file .*ENOENT/ },
  ]
  for (const { args, message } of cases) {
    const { code, stderr } = await PosternProcess.run(['ingress', ...args], { env })
    assert.notEqual(code, 0)
    assert.match(stderr, message)
  }
})

test('a password becomes a hash that is none', async () => {
  const { code, stdout } = await PosternProcess.run(['ingress', 'password'], { input: 'open sesame\n' })
  assert.equal(code, 0)
  assert.match(stdout, /^scrypt\$32768\$8\$1\$[\w-]{22}\$[\w-]{43}\n$/)
})
