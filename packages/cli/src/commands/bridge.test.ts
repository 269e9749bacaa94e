import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { hopTable } from '@postern/program'
import { PosternProcess, signToken, startTestRelay } from '@postern/testkit'

const folder = mkdtempSync(join(tmpdir(), 'postern-bridge-test-'))
after(() => rmSync(folder, { recursive: true, force: true }))

test('two bridges lead a local port to a private service; Ctrl-C ends them with 0', async () => {
  await using relay = await startTestRelay()
  // Ctrl-C cuts what is still open, and the goodbye of the client may be on its way.
  const service = createServer((socket) => socket.on('error', () => {}).end('from the private service'))
  await once(service.listen(0, '127.0.0.1'), 'listening')
  const { port } = service.address() as { port: number }
  const caFile = join(folder, 'ca.pem')
  const listenFile = join(folder, 'listen')
  writeFileSync(caFile, relay.relay.caPem ?? '')
  writeFileSync(listenFile, `${relay.access().listen}\n`)
  const trust = ['--tls-ca', caFile]
  try {
    await using remote = new PosternProcess([
      'bridge',
      '-T',
      `echo:127.0.0.1:${port}`,
      '-x',
      `@${listenFile}`,
      ...trust,
    ])
    await remote.waitFor('stderr', new RegExp(`echo: online, the relay leads to 127.0.0.1:${port}\n`))
    await using local = new PosternProcess(['bridge', '-L', '127.0.0.1:0:echo', '--json', ...trust], {
      env: { POSTERN_CONNECTION_STRING: relay.access().send },
    })
    const [line] = await local.waitFor('stderr', /^.*forwarder\.listening.*\n/m)
    const [address] = JSON.parse(line).addresses as string[]
    assert.equal(await text(connect(Number(address?.split(':')[1]), '127.0.0.1')), 'from the private service')
    local.kill('SIGINT')
    remote.kill('SIGINT')
    assert.equal((await local.end()).code, 0)
    assert.equal((await remote.end()).code, 0)
  } finally {
    service.close()
  }
})

test('a relay that is not trusted is said in one line with the option that helps, and tried again', async () => {
  await using relay = await startTestRelay()
  await using bridge = new PosternProcess(['bridge', '-T', 'echo:127.0.0.1:9', '-x', relay.access().listen])
  const [line] = await bridge.waitFor('stderr', /^.*Trying again\.\n/m)
  assert.match(line, /echo: .*certificate.*--tls-ca FILE, .* Trying again\./)
  bridge.kill('SIGTERM')
  assert.equal((await bridge.end()).code, 0)
})

test("azbridge's options and configuration file lead to the same tunnel", async () => {
  await using relay = await startTestRelay()
  const service = createServer((socket) => socket.on('error', () => {}).end('by file')).listen(0, '127.0.0.1')
  await once(service, 'listening')
  const { port } = service.address() as { port: number }
  const caFile = join(folder, 'ca-of-files.pem')
  const configFile = join(folder, 'azbridge_config.yml')
  const logFile = join(folder, 'bridge.log')
  writeFileSync(caFile, relay.relay.caPem ?? '')
  writeFileSync(configFile, `RemoteForward:\n  - RelayName: echo\n    Host: 127.0.0.1\n    HostPort: ${port}\n`)
  const part = (text: string, name: string): string => new RegExp(`${name}=([^;]*)`).exec(text)?.[1] ?? ''
  const { listen, send } = relay.access()
  const keyFile = join(folder, 'key')
  writeFileSync(keyFile, `${part(listen, 'SharedAccessKey')}\n`)
  const parts = ['-e', part(listen, 'Endpoint'), '-K', part(listen, 'SharedAccessKeyName'), '-k', `@${keyFile}`]
  const options = ['-o', 'ConnectTimeout:5', '-a', '20', '-b', '127.0.0.1', '--tls-ca', caFile]
  try {
    await using remote = new PosternProcess(['bridge', '-f', configFile, ...parts, ...options])
    await remote.waitFor('stderr', new RegExp(`echo: online, the relay leads to 127.0.0.1:${port}\n`))
    await using local = new PosternProcess([
      'bridge',
      '-L',
      '127.0.0.1:0:echo',
      '-x',
      send,
      '-l',
      logFile,
      '--tls-ca',
      caFile,
    ])
    let address: string | undefined
    while (address === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      if (existsSync(logFile)) address = /online, (\S+) leads/.exec(readFileSync(logFile, 'utf8'))?.[1]
    }
    assert.equal(await text(connect(Number(address.split(':')[1]), '127.0.0.1')), 'by file')
    local.kill('SIGINT')
    assert.deepEqual(await local.end().then(({ code, stderr }) => ({ code, stderr })), { code: 0, stderr: '' })
  } finally {
    service.close()
  }
})

test('a ready-made signature, the old -R, forwards of a file forgotten by -C, and a bridge that says nothing', async () => {
  await using relay = await startTestRelay()
  const service = createServer((socket) => socket.on('error', () => {}).end('by signature')).listen(0, '127.0.0.1')
  await once(service, 'listening')
  const { port } = service.address() as { port: number }
  const file = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  const trust = ['--tls-ca', file('ca-of-signatures.pem', relay.relay.caPem ?? '')]
  const place = ['-e', `sb://${relay.host}`]
  const [listen, send] = [file('sas-listen', signToken(relay.access().listen)), signToken(relay.access().send)]
  // Without -C it would end: the port is taken.
  const taken = file('taken.yml', `LocalForward: [{RelayName: other, BindAddress: 127.0.0.1, BindPort: ${port}}]\n`)
  const near = await freePort()
  try {
    await using remote = new PosternProcess([
      ...['bridge', '-R', `echo:127.0.0.1:web/${port}`, '-C', '-f', taken, ...place, '-s', `@${listen}`, ...trust],
    ])
    await remote.waitFor('stderr', new RegExp(`echo: online, the relay leads to 127.0.0.1:${port}\n`))
    await using local = new PosternProcess([
      ...['bridge', '-L', `127.0.0.1:${near}/web:echo`, '-q', ...place, '-s', send, ...trust],
    ])
    let answer = ''
    for (const until = Date.now() + 20_000; answer !== 'by signature' && Date.now() < until; ) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      answer = await text(connect(near, '127.0.0.1')).catch((error: NodeJS.ErrnoException) => String(error.code))
    }
    assert.equal(answer, 'by signature')
    service.close()
    await once(service, 'close')
    // What would be a line elsewhere.
    assert.equal(await text(connect(near, '127.0.0.1')).catch((error: Error) => error.message), 'read ECONNRESET')
    local.kill('SIGINT')
    assert.deepEqual(await local.end(), { code: 0, stdout: '', stderr: '' })
  } finally {
    service.close()
  }
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

test('what is typed wrongly is said in one line and ends with 2', async () => {
  const connection = ['-x', 'Endpoint=sb://localhost/']
  const cases = [
    { args: ['bridge', '-T', 'db:127.0.0.1:1'], message: /No connection string/ },
    { args: ['bridge', ...connection], message: /Nothing to forward/ },
    { args: ['bridge', '-T', 'db', ...connection], message: /the target is missing/ },
    {
      args: ['bridge', '-T', 'db:1', '--tls-ca', 'nowhere.pem', ...connection],
      message: /nowhere\.pem cannot be read/,
    },
    { args: ['bridge', '-f', 'nowhere.yml', ...connection], message: /nowhere\.yml cannot be read/ },
    { args: ['bridge', '-o', 'Foo:1', ...connection], message: /-o:1:1 unknown key Foo/ },
    { args: ['bridge', '-T', 'db:1', '-C', '-o', 'ConnectionAttempts:99', ...connection], message: /from 1 to 10/ },
    { args: ['bridge', '-T', 'db:1', '-a', 'x', ...connection], message: /-a "x": must be seconds/ },
    { args: ['bridge', '-T', 'db:10.0.0.1:*', ...connection], message: /needs an allow-list/ },
    { args: ['bridge', '-H', 'web:ftp/x', ...connection], message: /must begin with http/ },
    { args: ['bridge', '-T', 'db:1', '--framing', 'own', ...connection], message: /azbridge, raw/ },
  ]
  await Promise.all(
    cases.map(async ({ args, message }) => {
      const { code, stderr } = await PosternProcess.run(args)
      assert.equal(code, 2, stderr)
      assert.match(stderr, message)
    }),
  )
})

test('--doctor looks at both ends and ends with the code of the first broken hop', async () => {
  await using relay = await startTestRelay()
  const service = createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1')
  await once(service, 'listening')
  const { port } = service.address() as { port: number }
  const caFile = join(folder, 'doctor-ca.pem')
  writeFileSync(caFile, relay.relay.caPem ?? '')
  const doctor = async (...args: string[]): Promise<{ code: number | null; stdout: string }> => {
    await using run = new PosternProcess(['bridge', '--doctor', '--tls-ca', caFile, ...args])
    const { code, stdout } = await run.end()
    return { code, stdout }
  }
  try {
    const listening = await doctor('-T', `echo:127.0.0.1:${port}`, '-x', relay.access().listen)
    assert.equal(listening.code, 0, listening.stdout)
    assert.match(listening.stdout, /ok +control-channel .*answered pings/)
    assert.match(listening.stdout, /ok +target-tcp /)
    const lonely = await doctor('-L', '127.0.0.1:0:echo', '-x', relay.access().send)
    assert.equal(lonely.code, hopTable.listener.exitCode, lonely.stdout)
    assert.match(lonely.stdout, /FAILED +listener .*no listener is connected/)
    await using remote = new PosternProcess(['bridge', '-T', `echo:127.0.0.1:${port}`, '-x', relay.access().listen], {
      env: { NODE_EXTRA_CA_CERTS: caFile },
    })
    await remote.waitFor('stderr', /online/)
    const whole = await doctor('-L', '127.0.0.1:0:echo', '-x', relay.access().send, '--json')
    const { exitCode, reports } = JSON.parse(whole.stdout)
    assert.equal(exitCode, 0, whole.stdout)
    assert.equal(reports[0].hops.at(-1).hop, 'rendezvous')
    remote.kill('SIGINT')
    await remote.end()
  } finally {
    service.close()
  }
})
