import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PosternProcess } from '@postern/testkit'

const connectionString = 'Endpoint=sb://127.0.0.1:1/;SharedAccessKeyName=a;SharedAccessKey=b;EntityPath=events'

test('what is typed wrongly ends with 2 and says what is wrong, before anything is sent', async () => {
  const cases = [
    { args: ['send', 'x'], message: /No connection string/ },
    { args: ['send', 'x', '--file', 'y', '-x', connectionString], message: /a message or --file, not both/ },
    { args: ['publish', 'x', '--lines', '-x', connectionString], message: /leave the message out/ },
    { args: ['publish', '--lines', '--header', 'A: b', '-x', connectionString], message: /for single messages/ },
    { args: ['publish', '--lines', '--rate', '0', '-x', connectionString], message: /--rate "0"/ },
    { args: ['publish', 'x', '--header', 'nonsense', '-x', connectionString], message: /must look like 'Name: value'/ },
    { args: ['publish', 'x', '--header', 'Host: other', '-x', connectionString], message: /cannot have the header/ },
    { args: ['send', 'x', '--timeout', '5', '-x', connectionString], message: /--timeout "5" is no duration/ },
    { args: ['send', '--file', '/nowhere/at/all', '-x', connectionString], message: /cannot be read: ENOENT/ },
    { args: ['subscribe', '--count', '0', '-x', connectionString], message: /--count "0"/ },
  ]
  await Promise.all(
    cases.map(async ({ args, message }) => {
      const { code, stdout, stderr } = await PosternProcess.run(args)
      assert.match(stderr, message)
      assert.deepEqual([code, stdout], [2, ''])
    }),
  )
})

test('a relay that cannot be reached ends with 1 and its address', async () => {
  const { code, stderr } = await PosternProcess.run(['send', 'x', '-x', connectionString])
  assert.equal(code, 1)
  assert.match(stderr, /Cannot reach 127\.0\.0\.1:1: ECONNREFUSED/)
})

test('a message of more than 64 KiB ends with 1 and says what to do', async () => {
  const input = Buffer.alloc(70_000)
  const { code, stderr } = await PosternProcess.run(['publish', '-x', connectionString], { input })
  assert.equal(code, 1)
  assert.match(stderr, /more than 65536 bytes\n.*Split it/)
})
