import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PosternProcess, startTestRelay } from '@postern/testkit'

test('a token that was made opens the relay, and is explained', async () => {
  await using relay = await startTestRelay({ options: { tls: 'off' } })
  const { send } = relay.access()
  const made = await PosternProcess.run(['token', 'create', '--header', '--ttl', '5m'], {
    env: { POSTERN_CONNECTION_STRING: send },
  })
  assert.equal(made.code, 0, made.stderr)
  const [name = '', token = ''] = made.stdout.trimEnd().split(': ')
  // Nobody listens: 502 is said to those alone who may send.
  const signal = AbortSignal.timeout(10_000)
  assert.equal((await fetch(`http://${relay.host}/echo`, { headers: { [name]: token }, signal })).status, 502)

  const explained = await PosternProcess.run(['token', 'explain', token, '--json', '-x', send])
  const { expiresAt, ...facts } = JSON.parse(explained.stdout)
  assert.deepEqual(facts, {
    host: 'localhost',
    path: 'echo',
    rule: 'RootManageSharedAccessKey',
    expired: false,
    madeWithThisKey: true,
  })
  const leftMs = Date.parse(expiresAt) - Date.now()
  assert.ok(leftMs > 200_000 && leftMs <= 300_000, expiresAt)
})

test('what is no token, no duration or no connection string ends with 2', async () => {
  const cases = [
    { args: ['explain', 'nonsense'], message: /no shared access signature/ },
    { args: ['create'], message: /No connection string/ },
    { args: ['create', '-x', 'Endpoint=sb://localhost/', '--ttl', '5'], message: /"5" is no duration/ },
    { args: ['create', '-x', 'Endpoint=sb://localhost/'], message: /needs SharedAccessKeyName/ },
  ]
  await Promise.all(
    cases.map(async ({ args, message }) => {
      const { code, stderr } = await PosternProcess.run(['token', ...args])
      assert.equal(code, 2, stderr)
      assert.match(stderr, message)
    }),
  )
})
