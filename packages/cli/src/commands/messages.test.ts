import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Listener } from '@postern/client'
import { MessageQueue, PosternProcess, startTestRelay, type TestRelay } from '@postern/testkit'

const actions = ['send', 'publish', 'subscribe'] as const

let relay: TestRelay
let folder: string
/** Options of every command, with the right that it needs. */
let send: readonly string[]
let listen: readonly string[]

before(async () => {
  const rules = [{ name: 'root', rights: ['Listen', 'Send', 'Manage'] }] as const
  const hybridConnections = [{ name: 'news', actions }, { name: 'jobs', actions }, { name: 'plain' }]
  relay = await startTestRelay({
    resources: { namespaces: [{ name: 'local', default: true, rules, hybridConnections }] },
  })
  folder = mkdtempSync(join(tmpdir(), 'postern-messages-'))
  const caFile = join(folder, 'ca.pem')
  writeFileSync(caFile, relay.relay.caPem ?? '')
  const secret = join(folder, 'send.secret')
  writeFileSync(secret, `${relay.access('news').send}\n`)
  send = ['-x', `@${secret}`, '--tls-ca', caFile]
  listen = ['-x', relay.access('news').listen, '--tls-ca', caFile]
})

after(async () => {
  rmSync(folder, { recursive: true, force: true })
  await relay[Symbol.asyncDispose]()
})

async function subscribed(...args: string[]): Promise<PosternProcess> {
  const postern = new PosternProcess(['subscribe', ...listen, ...args])
  await postern.waitFor('stderr', /^subscribed$/m)
  return postern
}

test('what is published is printed, a message on a line, until so many came', async () => {
  await using plain = await subscribed('--count', '3')
  await using json = await subscribed('--json', '--count', '3')
  const file = join(folder, 'bytes')
  writeFileSync(file, Buffer.of(0, 255))
  const one = await PosternProcess.run(['publish', 'grün', ...send])
  assert.equal(one.code, 0, one.stderr)
  assert.match(one.stdout, /^2 receivers \(message [0-9a-f-]{36}\)\n$/)
  const two = await PosternProcess.run(['publish', '--file', file, '--json', ...send])
  const receipt = JSON.parse(two.stdout)
  assert.equal(receipt.receivers, 2)
  assert.match(receipt.messageId, /^[0-9a-f-]{36}$/)
  await PosternProcess.run(['publish', ...send], { input: 'from standard input' })
  const { code, stdout } = await plain.end()
  assert.deepEqual([code, stdout], [0, 'grün\nAP8=\nfrom standard input\n'])
  const lines = (await json.end()).stdout.trimEnd().split('\n')
  const facts = lines.map((line) => JSON.parse(line))
  assert.deepEqual(
    facts.map(({ text, base64 }) => text ?? base64),
    ['grün', 'AP8=', 'from standard input'],
  )
  assert.ok(Math.abs(Date.now() - Date.parse(facts[0].receivedAt)) < 60_000)
})

test('each line is a message, in order; the sum is told, or what became of each', async () => {
  await using subscriber = await subscribed('--count', '503')
  const input = Array.from({ length: 500 }, (_, index) => `line ${index}\n`).join('')
  const many = await PosternProcess.run(['publish', '--lines', '--rate', '100000', ...send], { input })
  assert.deepEqual([many.code, many.stdout], [0, '500 messages, 500 deliveries\n'], many.stderr)
  const few = await PosternProcess.run(['publish', '--lines', '--json', ...send], { input: 'a\n\nlast' })
  const facts = few.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    facts.map(({ line, receivers }) => [line, receivers]),
    [1, 2, 3].map((line) => [line, 1]),
  )
  const { stdout } = await subscriber.end()
  assert.equal(stdout, `${input}a\n\nlast\n`)
})

test('lines that nobody receives are named, and end with 1', async () => {
  const { code, stdout, stderr } = await PosternProcess.run(['send', '--lines', '--path', 'jobs', ...send], {
    input: 'a\nb\n',
  })
  assert.equal(code, 1)
  assert.equal(stdout, '0 messages, 0 deliveries\n')
  assert.match(stderr, /^line 1: NoListenersForRequest: .*\nline 2: NoListenersForRequest: /)
})

test('send reaches one listener with its headers, suffix and query; nobody there ends with 1', async () => {
  const args = ['send', '{"a":1}', '--content-type', 'application/json', '--header', 'X-Kind: job', ...send]
  const nobody = await PosternProcess.run(args)
  assert.equal(nobody.code, 1)
  assert.match(nobody.stderr, /There are no listeners connected/)
  const seen = new MessageQueue<unknown>()
  await using listener = new Listener({
    connectionString: relay.access('news').listen,
    tls: relay.tls,
    onRequest: ({ delivery, url, headers }) => {
      seen.push([delivery, url, headers['x-kind'], headers['content-type']])
    },
  })
  await listener.open()
  const sent = await PosternProcess.run([...args, '--suffix', 'eu', '--query', 'x=1'])
  assert.match(sent.stdout, /^1 receiver /, sent.stderr)
  assert.deepEqual(await seen.next(5_000), ['send', '/news/eu?x=1', 'job', 'application/json'])
})

for (const [action, args] of [
  ['send', ['send', 'x']],
  ['publish', ['publish', '--lines']],
  ['subscribe', ['subscribe']],
] as const) {
  test(`${action} at a hybrid connection that does not allow it says how it is allowed`, async () => {
    const { code, stderr } = await PosternProcess.run([...args, '--path', 'plain', ...listen], { input: 'x\n' })
    assert.equal(code, 1)
    assert.match(stderr, new RegExp(`plain does not allow ${action}\n.*--actions connect request ${action}`))
  })
}

test('a subscriber says when it is offline and that messages may be lost, and Ctrl-C ends it with 0', async () => {
  const { relay: second, ...rest } = await startTestRelay({
    resources: {
      namespaces: [
        {
          name: 'local',
          default: true,
          rules: [{ name: 'root', rights: ['Listen', 'Send', 'Manage'] }],
          hybridConnections: [{ name: 'news', actions }],
        },
      ],
    },
    options: { tls: 'off' },
  })
  await using postern = new PosternProcess(['subscribe', '--no-tls', '-x', rest.access('news').listen])
  await postern.waitFor('stderr', /^subscribed$/m)
  await second.stop()
  await postern.waitFor('stderr', /^messages may have been lost: /m)
  await postern.waitFor('stderr', /^offline: .*; again in \d+ ms$/m)
  postern.kill('SIGINT')
  assert.equal((await postern.end()).code, 0)
})
