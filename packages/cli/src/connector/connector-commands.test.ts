import assert from 'node:assert/strict'
import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Listener } from '@postern/client'
import { type DoctorReport, hopTable } from '@postern/program'
import { PosternProcess, type PosternResult, startTestRelay, type TestRelay } from '@postern/testkit'

const usual = '127.0.0.1 localhost\n'

interface Bed {
  readonly relay: TestRelay
  readonly folder: string
  readonly port: number
  readonly hostsFile: string
  readonly flags: readonly string[]
  /** Starts a connector for `db.corp` and waits until it is ready. */
  readonly serve: (...args: readonly string[]) => Promise<PosternProcess>
  readonly run: (...args: readonly string[]) => Promise<PosternResult>
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0)
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

async function startBed(t: TestContext): Promise<Bed> {
  const folder = mkdtempSync(join(tmpdir(), 'connector-cli-'))
  const relay = await startTestRelay()
  t.after(async () => {
    await relay[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })
  const port = await freePort()
  const caFile = join(folder, 'ca.pem')
  const hostsFile = join(folder, 'hosts')
  writeFileSync(caFile, relay.relay.caPem ?? '')
  writeFileSync(hostsFile, usual)
  writeFileSync(join(folder, 'db.secret'), relay.access().send)
  writeFileSync(
    join(folder, 'connector.yml'),
    `endpoints:\n  - endpoint: db.corp:${port}\n    connectionString: '@db.secret'\ntlsCa: ${caFile}\nhostsFile: ${hostsFile}\n`,
  )
  const flags = ['-f', join(folder, 'connector.yml'), '--state-dir', join(folder, 'state')]
  return {
    relay,
    folder,
    port,
    hostsFile,
    flags,
    serve: async (...args) => {
      const connector = new PosternProcess(['connector', ...flags, ...args])
      t.after(() => connector[Symbol.asyncDispose]())
      await connector.waitFor('stdout', /Ctrl-C ends it|^\{/)
      return connector
    },
    run: (...args) => PosternProcess.run(args),
  }
}

/** A listener that accepts at once and greets, or is silent, or hangs up. */
async function listen(t: TestContext, relay: TestRelay, does: 'greet' | 'wait' | 'hang up'): Promise<void> {
  const listener = new Listener({
    connectionString: relay.access().listen,
    tls: { ca: relay.relay.caPem ?? '' },
    onConnection: async (request) => {
      const stream = await request.accept()
      stream.on('error', () => {})
      if (does === 'greet') stream.write('hello')
      if (does === 'hang up') stream.destroy()
    },
  })
  t.after(() => listener.close())
  await listener.open({ signal: AbortSignal.timeout(10_000) })
}

test('names stand in the hosts file and are answered by DNS while the connector runs, and lead to the service', async (t) => {
  const { relay, serve, run, port, hostsFile, folder } = await startBed(t)
  await listen(t, relay, 'greet')
  const connector = await serve('--hosts', '--dns', '127.0.0.1:0', '--json')
  const facts = JSON.parse(connector.stdout)
  assert.match(connector.stdout, /^\{.*\}\n$/)
  const line = readFileSync(hostsFile, 'utf8')
    .split('\n')
    .find((each) => each.includes('db.corp'))
  const [address] = line?.split(' ') ?? []
  const resolver = new Resolver()
  resolver.setServers([facts.dns])
  assert.deepEqual(await resolver.resolve4('db.corp'), [address])
  const socket = connect({ host: address ?? '', port })
  const [greeting] = await once(socket, 'data', { signal: AbortSignal.timeout(10_000) })
  assert.equal(String(greeting), 'hello')
  const status = await run('connector', 'status', '--state-dir', join(folder, 'state'), '--json')
  assert.equal(status.code, 0, status.stderr)
  const [endpoint] = JSON.parse(status.stdout).endpoints
  assert.deepEqual(
    [endpoint.endpoint, endpoint.address, endpoint.connections],
    [`db.corp:${port}`, `${address}:${port}`, 1],
  )
  assert.doesNotMatch(status.stdout, /SharedAccessKey/)
  const people = await run('connector', 'status', '--state-dir', join(folder, 'state'))
  assert.match(people.stdout, /^ENDPOINT +ADDRESS .*\ndb\.corp:\d+ +127\.\d+\.\d+\.\d+:\d+ +listening/)
  socket.destroy()
  connector.kill('SIGINT')
  assert.equal((await connector.end()).code, 0)
  assert.equal(readFileSync(hostsFile, 'utf8'), usual)
})

test('what a killed connector left in the hosts file goes with clean, or with the next start', async (t) => {
  const { serve, run, hostsFile, flags } = await startBed(t)
  const first = await serve('--hosts')
  assert.deepEqual(
    [(await run('connector', 'clean', '--hosts-file', hostsFile)).stdout],
    [`Nothing was left behind in ${hostsFile}.\n`],
  )
  first.kill('SIGKILL')
  await first.end()
  assert.match(readFileSync(hostsFile, 'utf8'), /db\.corp/)
  const cleaned = await run('connector', 'clean', '--hosts-file', hostsFile)
  assert.match(cleaned.stdout, /^Taken out of .*\n {2}127\.\d+\.\d+\.\d+ db\.corp db\.corp\.\n$/)
  assert.equal(readFileSync(hostsFile, 'utf8'), usual)
  const second = await serve('--hosts')
  const other = await run('connector', ...flags)
  assert.equal(other.code, 2)
  assert.match(other.stderr, /Another connector runs already/)
  second.kill('SIGTERM')
  assert.equal((await second.end()).code, 0)
})

test('tcpping says hop by hop whether the far end answers, truthfully', async (t) => {
  const { relay, run, serve, flags, port, folder } = await startBed(t)
  const target = `db.corp:${port}`
  const nobody = await run('tcpping', ...flags, target)
  assert.equal(nobody.code, 1)
  assert.match(
    nobody.stdout,
    /ok +relay TCP +[\d.]+ ms .*\n.*ok +relay TLS .*\n.*failed +listener .*nobody listens at echo/,
  )
  assert.match(nobody.stdout, /does not answer\. It ends at the listener/)
  await serve()
  const wrong = await run('connector', 'test', '--state-dir', join(folder, 'state'), 'db.corp:1')
  assert.deepEqual(
    [wrong.code, /db\.corp:1 is not configured; of this host the connector has db\.corp:\d+/.test(wrong.stderr)],
    [3, true],
  )
  await listen(t, relay, 'greet')
  const answered = await run('connector', 'tcpping', '--state-dir', join(folder, 'state'), target, '--json')
  assert.equal(answered.code, 0, answered.stdout + answered.stderr)
  const { result, hops } = JSON.parse(answered.stdout)
  assert.equal(result, 'answers')
  assert.deepEqual(
    hops.map(({ name, result: found }: { name: string; result: string }) => `${name} ${found}`),
    [
      'name unknown',
      'local port ok',
      'relay name ok',
      'relay TCP ok',
      'relay TLS ok',
      'listener ok',
      'stream ok',
      'far end ok',
    ],
  )
})

for (const [does, code, pattern] of [
  ['wait', 4, /whether it reaches the service cannot be told/],
  ['hang up', 1, /It ends at the far end: the listener has hung up at once/],
] as const) {
  test(`a listener that accepts before it dials, to ${does} then, is not taken for a service that answers`, async (t) => {
    const { relay, run, flags, port } = await startBed(t)
    await listen(t, relay, does)
    const found = await run('connector', 'test', ...flags, `db.corp:${port}`)
    assert.equal(found.code, code, found.stdout + found.stderr)
    assert.match(found.stdout, pattern)
  })
}

test('doctor says when an app does not answer at all, and does not take no endpoints for good ones', async (t) => {
  const silent = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
  t.after(() => silent.close())
  await once(silent, 'listening')
  const folder = mkdtempSync(join(tmpdir(), 'connector-cli-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const app = join(folder, 'app.json')
  const tokenEndpoint = `http://127.0.0.1:${(silent.address() as { port: number }).port}/t/oauth2/v2.0/token`
  writeFileSync(app, JSON.stringify({ tokenEndpoint, clientId: 'shop', clientSecret: 'secret' }))
  const { code, stdout } = await PosternProcess.run(['connector', 'doctor', '--app', app])
  assert.equal(code, hopTable.configuration.exitCode, stdout)
  assert.match(stdout, /FAILED +configuration .*the app at http:\/\/127\.0\.0\.1:\d+ has not answered/)
})

test('doctor looks at every hop from the way in to the far end, by itself or by the connector that runs', async (t) => {
  const { relay, run, serve, flags, port, folder } = await startBed(t)
  const lonely = await run('connector', 'doctor', ...flags)
  assert.equal(lonely.code, hopTable.listener.exitCode, lonely.stdout + lonely.stderr)
  assert.match(lonely.stdout, /^db\.corp:\d+ by echo at localhost:\d+\n/)
  assert.match(lonely.stdout, /warning +way-in .*no connector that listens runs here/)
  assert.match(lonely.stdout, /FAILED +listener .*no listener is connected\n.*Start the Hybrid Connection Manager/)
  await serve()
  await listen(t, relay, 'greet')
  const well = await run('connector', 'doctor', '--state-dir', join(folder, 'state'), '--json')
  assert.equal(well.code, 0, well.stdout + well.stderr)
  const [report] = JSON.parse(well.stdout).reports as DoctorReport[]
  const hops = report?.hops ?? []
  assert.match(hops.find(({ hop }) => hop === 'way-in')?.fix ?? '', /--hosts/)
  assert.equal(hops.at(-1)?.hop, 'rendezvous')
  const [, key = ''] = /SharedAccessKey=([^;]+)/.exec(relay.access().send) ?? []
  assert.ok(key !== '' && !well.stdout.includes(key))
  const text = relay.access().send.replace(key, 'another-key')
  const wrong = await run('connector', 'doctor', '-x', `10.1.2.3:${port}=${text}`, '--tls-ca', join(folder, 'ca.pem'))
  assert.equal(wrong.code, hopTable.token.exitCode, wrong.stdout + wrong.stderr)
  assert.match(wrong.stdout, /warning +way-in .*10\.1\.2\.3 is an address.*\n.*--own-network/)
  assert.match(wrong.stdout, /FAILED +token .*refuses rule/)
})

test('a certificate that is not trusted, and a port that nobody has, are named as the hop where it ends', async (t) => {
  const { relay, run, port } = await startBed(t)
  const direct = await run('tcpping', '-x', `db.corp:${port}=${relay.access().send}`, `db.corp:${port}`)
  assert.equal(direct.code, 1)
  assert.match(direct.stdout, /failed +relay TLS .*SELF_SIGNED|failed +relay TLS .*UNABLE_TO_VERIFY/)
  const text = relay.access().send.replace(/:\d+\//, ':1/')
  const away = await run('tcpping', '-x', `db.corp:${port}=${text}`, `db.corp:${port}`)
  assert.match(away.stdout, /failed +relay TCP .*ECONNREFUSED/)
})

test('without endpoints, a running connector or a right word, it is said what to do', async (t) => {
  const { run, folder } = await startBed(t)
  const none = await run('connector')
  assert.deepEqual([none.code, /Nothing says which endpoints/.test(none.stderr)], [2, true])
  const away = await run('connector', 'status', '--state-dir', folder)
  assert.deepEqual([away.code, /Start it: postern connector\./.test(away.stderr)], [1, true])
  const lines = await run(
    'connector',
    '--dns',
    '127.0.0.1:5300',
    '-x',
    'db.corp:1=Endpoint=sb://r.test/;EntityPath=db',
    '--print-resolver',
  )
  assert.match(lines.stdout, /DNS=127\.0\.0\.1:5300\nDomains=~db\.corp\n[^]*docker run --dns[^]*dnsPolicy: None/)
})
