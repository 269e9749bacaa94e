import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { ManagementError } from '@postern/management'
import { RelayError } from '@postern/protocol'
import { CommanderError } from 'commander'
import { reportFailure } from './report-failure.ts'

async function report(error: unknown): Promise<{ readonly code: number; readonly text: string }> {
  let text = ''
  const write = mock.method(process.stderr, 'write', (chunk: string) => {
    text += chunk
    return true
  })
  try {
    return { code: await reportFailure(error, 'postern'), text }
  } finally {
    write.mock.restore()
  }
}

test('what the relay refused is told with code, text and what to do', async () => {
  const refused = new ManagementError('AuthorizationFailed', { status: 403, message: 'The caller may not' })
  const { code, text } = await report(refused)
  assert.equal(code, 1)
  assert.match(text, /^postern: AuthorizationFailed: The caller may not\n {2}Somebody with the role Owner can assign/)
})

test('the exit code tells what is not there, and what was typed wrongly, from all else', async () => {
  const cases: readonly (readonly [unknown, number])[] = [
    [new ManagementError('ResourceNotFound', { status: 404, message: '' }), 3],
    [new ManagementError('Conflict', { status: 409, message: '' }), 1],
    [new ManagementError('InsecureEndpoint', { message: '' }), 2],
    [new RelayError('InvalidConfiguration'), 2],
    [new RelayError('AuthenticationMissing'), 1],
    [new CommanderError(1, 'commander.unknownOption', ''), 2],
    [new CommanderError(0, 'commander.help', ''), 0],
    ['no error at all', 1],
  ]
  for (const [error, code] of cases) assert.equal((await report(error)).code, code, String(error))
})

test('nothing that a server said is obeyed by the terminal', async () => {
  const { text } = await report(
    new ManagementError('E\u001b[2J', { status: 400, message: 'a\u001b]0;x\u0007\r\nb\u009b' }),
  )
  assert.equal(text, 'postern: E\\u001b[2J: a\\u001b]0;x\\u0007\\u000d\nb\\u009b\n')
})
