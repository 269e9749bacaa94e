import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { PosternProcess, startTestRelay } from '@postern/testkit'

const folder = mkdtempSync(join(tmpdir(), 'postern-bridge-test-'))
after(() => rmSync(folder, { recursive: true, force: true }))

test('two bridges lead a local port to a private service; Ctrl-C ends them with 0', async () => {
  await using relay = await startTestRelay()
  const service = createServer((socket) => socket.end('from the private service')).listen(0, '127.0.0.1')
  await once(service, 'listening')
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
  assert.match(line, /echo: .*certificate.*--tls-ca FILE\. Trying again\./)
  bridge.kill('SIGTERM')
  assert.equal((await bridge.end()).code, 0)
})

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
