import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { Bridge } from '@postern/bridge'
import type { StartRelayOptions } from '@postern/server'
import { PosternProcess, startTestRelay, type TestRelay } from '@postern/testkit'

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-ingress-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

function declared(...ingress: readonly object[]): string {
  return JSON.stringify({ namespaces: [{ name: 'local', ingress }] })
}

const entry = { name: 'a', port: 0, hybridConnection: 'echo', access: 'open' }

const hearKey = Buffer.alloc(32, 'hear').toString('base64')

/** A hybrid connection `echo`, a rule for everything, and one that may not send. */
const resources = {
  namespaces: [
    {
      name: 'local',
      default: true,
      rules: [
        { name: 'RootManageSharedAccessKey', rights: ['Listen', 'Send', 'Manage'] },
        { name: 'hear', rights: ['Listen'], primaryKey: hearKey },
      ],
      hybridConnections: [{ name: 'echo' }],
    },
  ],
} satisfies StartRelayOptions['resources']

interface Running {
  readonly process: PosternProcess
  readonly relay: TestRelay
  readonly file: string
  readonly caFile: string
  /** Of the entry `a`. */
  readonly port: number
  /** `http://127.0.0.1:port` of its health port. */
  readonly health: string
  /** Says hello to the entry `a`. @returns all that was answered */
  readonly ask: () => Promise<string>
}

interface ReadyPage {
  readonly status: number
  readonly body: {
    readonly status: string
    readonly degraded: boolean
    readonly reasons: readonly { readonly message: string }[]
  }
}

async function readyPage(health: string): Promise<ReadyPage> {
  const answer = await fetch(`${health}/readyz`)
  return { status: answer.status, body: (await answer.json()) as ReadyPage['body'] }
}

function oidcWith(clientSecretFile: string): object {
  return { issuer: 'https://login.test', clientId: 'a', clientSecretFile, anyone: true, tlsEndsInFront: true }
}

/** A port of this machine that is taken until the test ends. */
async function takenPort(t: TestContext): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => void server.close())
  return (server.address() as { port: number }).port
}

/** An ingress process that comes up beside the relay of another one, and what it said then. */
async function startAnother(
  t: TestContext,
  { entries = [entry], args = [], access }: { entries?: readonly object[]; args?: readonly string[]; access: string },
): Promise<{
  readonly process: PosternProcess
  readonly health: string
  readonly event: string
  readonly file: string
}> {
  const file = join(await folderOf(t), 'relay.yaml')
  await writeFile(file, declared(...entries))
  const env = { POSTERN_CONNECTION_STRING: access }
  const process = new PosternProcess(['ingress', '-f', file, '--health', '0', ...args], { env })
  t.after(() => process[Symbol.asyncDispose]())
  const [, event = '', health = ''] = await process.waitFor(
    'stderr',
    /"event":"(ingress\.[\w-]*ready)".*?"health":(\d+)/,
  )
  return { process, health: `http://127.0.0.1:${health}`, event, file }
}

/** An ingress process beside a relay, whose hybrid connection `echo` answers what it is sent. */
async function startBesideRelay(t: TestContext, ...options: readonly string[]): Promise<Running> {
  const parts = new AsyncDisposableStack()
  t.after(() => parts.disposeAsync())
  const relay = parts.use(await startTestRelay({ resources }))
  const service = createServer(
    { allowHalfOpen: true },
    (socket) => void socket.on('error', () => {}).pipe(socket),
  ).listen(0, '127.0.0.1')
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
  const args = ['ingress', '-f', file, '--health', '0', '--tls-ca', caFile, ...options]
  const running = parts.use(new PosternProcess(args, { env }))
  const [, bound = '', health = ''] = await running.waitFor('stderr', /"a:(\d+)".*?"health":(\d+)/)
  const ask = async (): Promise<string> => {
    const socket = connect({ port: Number(bound), host: '127.0.0.1', allowHalfOpen: true })
    socket.end('hello')
    return text(socket)
  }
  return { process: running, relay, file, caFile, port: Number(bound), health: `http://127.0.0.1:${health}`, ask }
}

test('an ingress process opens ports with a Send key, follows its file, says when it is ready, and drains', async (t) => {
  const { process: running, file, health, port, ask } = await startBesideRelay(t)
  assert.equal(await ask(), 'hello')
  assert.equal((await fetch(`${health}/readyz`)).status, 200)
  const staying = connect({ port, host: '127.0.0.1' }).on('error', () => {})
  staying.write('x')
  await once(staying, 'data')

  await writeFile(file, declared({ ...entry, access: 'opne' }))
  await running.waitFor('stderr', /ingress\.file-refused.*must be one of open/)
  assert.equal(await ask(), 'hello')
  await writeFile(file, declared({ ...entry, access: undefined, allow: ['192.0.2.1'] }))
  await running.waitFor('stderr', /ingress\.reloaded/)
  assert.equal(await ask().catch(() => ''), '')
  await running.waitFor('stderr', /ingress\.cut".*"ingress":"local\/a","devices":1/)
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
  const text = await answer.text()
  assert.match(text, /^\{"status":"not-ready"/)
  assert.match(text, /the relay cannot be reached: .*ECONNREFUSED/)
  assert.doesNotMatch(running.stderr, /"ingress\.ready"/)
  assert.equal((await fetch(`http://127.0.0.1:${health}/healthz`)).status, 200)
  assert.match(await (await fetch(`http://127.0.0.1:${health}/metrics`)).text(), /^postern_ready 0$/m)
})

test('an ingress process is not ready where it does not trust the relay, or the relay does not know its key', async (t) => {
  const { relay, caFile } = await startBesideRelay(t)
  const access = relay.access('echo').send.replace(/;EntityPath=[^;]*/, '')
  const untrusting = await startAnother(t, { access })
  const page = await readyPage(untrusting.health)
  assert.equal(page.status, 503)
  assert.equal(page.body.status, 'not-ready')
  assert.match(page.body.reasons[0]?.message ?? '', /cannot be reached: .*(certificate|self-signed).*--tls-ca/)
  assert.match(untrusting.process.stderr, /"level":"error".*"ingress\.relay-lost"/)

  const wrongKey = access.replace(
    /SharedAccessKey=[^;]*/,
    `SharedAccessKey=${Buffer.alloc(32, 'x').toString('base64')}`,
  )
  const unknown = await startAnother(t, { access: wrongKey, args: ['--tls-ca', caFile] })
  const refused = await readyPage(unknown.health)
  assert.equal(refused.status, 503)
  assert.match(refused.body.reasons[0]?.message ?? '', /the relay refuses this process at "echo": .*invalid signature/)
  const [, port] = await unknown.process.waitFor('stderr', /"a:(\d+)"/)
  for (let at = 0; at < 3; at += 1) {
    const socket = connect({ port: Number(port), host: '127.0.0.1' })
    await text(socket).catch(() => '')
  }
  assert.equal(unknown.process.stderr.match(/"level":"error"/g)?.length, 1, unknown.process.stderr)
  assert.doesNotMatch(unknown.process.stderr, /"ingress\.refused"/, 'not a line for each device')
  assert.match(
    await (await fetch(`${unknown.health}/metrics`)).text(),
    /refusals_total\{.*TokenSignatureInvalid.*\} 3\n/,
  )
})

test('a key that lacks the right to send, and a hybrid connection that is not there, are no reason to be ready', async (t) => {
  const { relay, caFile } = await startBesideRelay(t)
  const access = relay.access('echo').send.replace(/;EntityPath=[^;]*/, '')
  const args = ['--tls-ca', caFile]
  const hearing = access.replace(/KeyName=[^;]*;SharedAccessKey=.*/, `KeyName=hear;SharedAccessKey=${hearKey}`)
  const deaf = await readyPage((await startAnother(t, { access: hearing, args })).health)
  assert.equal(deaf.status, 503)
  assert.match(
    deaf.body.reasons[0]?.message ?? '',
    /refuses this process at "echo": The rule of the token does not have the right/,
  )

  const nowhere = { ...entry, name: 'b', hybridConnection: 'nowhere' }
  const missing = await readyPage((await startAnother(t, { access, args, entries: [nowhere] })).health)
  assert.equal(missing.status, 503)
  assert.match(missing.body.reasons[0]?.message ?? '', /refuses this process at "nowhere": Endpoint does not exist/)
  const both = await readyPage((await startAnother(t, { access, args, entries: [entry, nowhere] })).health)
  assert.deepEqual([both.status, both.body.degraded], [200, true])
})

test('a process none of whose ports could be opened is not ready; one that has some is, and degraded', async (t) => {
  const { relay, caFile, port } = await startBesideRelay(t)
  const access = relay.access('echo').send.replace(/;EntityPath=[^;]*/, '')
  const args = ['--tls-ca', caFile]
  const second = await startAnother(t, { access, args, entries: [{ ...entry, port }] })
  assert.equal(second.event, 'ingress.not-ready')
  const none = await readyPage(second.health)
  assert.equal(none.status, 503)
  assert.match(none.body.reasons[0]?.message ?? '', new RegExp(`a"? cannot have port ${port}`))
  const some = await startAnother(t, {
    access,
    args,
    entries: [
      { ...entry, port },
      { ...entry, name: 'b' },
    ],
  })
  assert.equal(some.event, 'ingress.ready')
  const { status, body } = await readyPage(some.health)
  assert.deepEqual([status, body.status, body.degraded], [200, 'ready', true])
})

test('an entry whose authority file cannot be read lets nobody in: the process says so, and serves the others', async (t) => {
  const { process: running, file, health } = await startBesideRelay(t)
  const guarded = { name: 'b', port: 0, hybridConnection: 'echo', trustedProxies: ['127.0.0.1'] }
  const missing = { ...guarded, hosts: ['a.test'], oidc: oidcWith('/nowhere/secret') }
  await writeFile(file, declared(entry, missing))
  await running.waitFor('stderr', /"ingress\.file-unusable".*no such file/)
  const { status, body } = await readyPage(health)
  assert.deepEqual([status, body.degraded], [200, true])
  await writeFile(file, declared(missing))
  await running.waitFor('stderr', /"ingress\.not-ready"/)
  assert.equal((await readyPage(health)).status, 503)
})

test('a relay that stops and comes back is told, and readiness follows', async (t) => {
  const { process: running, relay, health } = await startBesideRelay(t)
  assert.equal((await readyPage(health)).status, 200)
  await relay.relay.stop()
  await running.waitFor('stderr', /"ingress\.relay-lost"/)
  await running.waitFor('stderr', /"ingress\.not-ready"/)
  assert.equal((await readyPage(health)).status, 503)
})

test('what is left at the end of the drain is counted, and cut by this process and nobody else', async (t) => {
  const { process: running, port } = await startBesideRelay(t, '--drain-timeout', '100ms')
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  socket.write('stay')
  await once(socket, 'data')
  running.kill('SIGTERM')
  const { code, stderr } = await running.end()
  assert.equal(code, 0)
  assert.match(stderr, /"ingress\.stopping","signal":"SIGTERM","drainTimeoutMs":100\}/)
  assert.match(
    stderr,
    /"ingress\.drained","cut":1\}[^]*"ingress\.closed".*This process has stopped.*[^]*"ingress\.stopped"\}\n$/,
  )
  assert.doesNotMatch(stderr, /gave the stream up/)
})

test('a file that a running process cannot serve changes nothing: TLS without a certificate, the port of the health pages', async (t) => {
  const { process: running, file, health, ask } = await startBesideRelay(t)
  await writeFile(file, declared({ ...entry, hosts: ['a.test'], tls: 'terminate' }))
  await running.waitFor('stderr', /ingress\.file-refused.*ends TLS here.*--tls-cert/)
  assert.equal(await ask(), 'hello')
  const { status, body } = await readyPage(health)
  assert.deepEqual([status, body.degraded], [200, true])
})

test('a log for people has no JSON', async (t) => {
  const { relay, caFile } = await startBesideRelay(t)
  const file = join(await folderOf(t), 'relay.yaml')
  await writeFile(file, declared(entry))
  const env = { POSTERN_CONNECTION_STRING: relay.access('echo').send.replace(/;EntityPath=[^;]*/, '') }
  const args = ['ingress', '-f', file, '--health', '0', '--tls-ca', caFile, '--log-format', 'text']
  await using running = new PosternProcess(args, { env })
  await running.waitFor('stderr', /^\S+ +info +ingress\.ready .*$/im)
})

test('what is wrong is said before anything is opened', async (t) => {
  const folder = await folderOf(t)
  const file = join(folder, 'relay.yaml')
  const { access: _, ...unguarded } = entry
  await writeFile(file, declared(unguarded))
  const written = async (name: string, more: object): Promise<string> => {
    await writeFile(join(folder, name), declared({ ...entry, ...more }))
    return join(folder, name)
  }
  const terminating = await written('terminating.yaml', { hosts: ['a.test'], tls: 'terminate' })
  const [fixed, good] = [await written('fixed.yaml', { port: 18_446 }), await written('good.yaml', {})]
  const taken = await takenPort(t)
  const short = join(folder, 'short.key')
  await writeFile(short, 'a word\n')
  const env = { POSTERN_CONNECTION_STRING: 'Endpoint=sb://localhost:1/;SharedAccessKeyName=a;SharedAccessKey=a' }
  const cases = [
    { args: ['-f', file], message: /nothing guards this port/ },
    { args: ['-f', join(folder, 'nowhere.yaml')], message: /cannot be read/ },
    { args: [], message: /No file: give -f/ },
    { args: ['-f', file, '--tls-cert', 'a.pem'], message: /needs its --tls-key/ },
    { args: ['-f', terminating], message: /ingress "a" ends TLS here .*give --tls-cert and --tls-key/ },
    {
      args: ['-f', fixed, '--health', '18446'],
      message: /ingress "a" wants port 18446, where the health pages are; .*--health/,
    },
    {
      args: ['-f', good, '--health', String(taken)],
      message: new RegExp(`Port ${taken} of the health pages is taken .*--health`),
    },
    { args: ['-f', good, '--drain-timeout', 'soon'], message: /--drain-timeout.*must be a duration/ },
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
