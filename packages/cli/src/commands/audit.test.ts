import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { PosternProcess, signToken, startTestRelay } from '@postern/testkit'

const folder = mkdtempSync(join(tmpdir(), 'postern-audit-command-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const scope =
  '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/postern/providers/Microsoft.Relay/namespaces/local/hybridConnections/echo'

test('the log of a relay that runs is verified and listed; what was changed in a copy is named', async () => {
  const data = join(folder, 'data')
  await using relay = await startTestRelay({ options: { tls: 'off', inMemory: false, data } })
  const token = signToken(relay.access().send)
  const url = `http://${relay.host}/echo`
  const signal = AbortSignal.timeout(10_000)
  await fetch(url, { headers: { ServiceBusAuthorization: token }, signal })
  await fetch(url, { signal })
  await relay.relay.server.audit.flush()

  const whole = await PosternProcess.run(['audit', 'verify', '--data', data])
  assert.equal(whole.code, 0, whole.stderr)
  const [, count, head = ''] =
    /^(\d+) records, 1 to \d+, are as they were written\.\nHead (\d+:[0-9a-f]{64})\n$/.exec(whole.stdout) ?? []
  assert.ok(Number(count) >= 3, whole.stdout)
  const [sequence, hash] = head.split(':')

  const env = { POSTERN_DATA: data }
  const table = await PosternProcess.run(['audit', 'list', '--kind', 'decision', '--since', '1h'], { env })
  assert.match(table.stdout, /^SEQUENCE +TIME +KIND +RESULT +PRINCIPAL +ACTION +SCOPE +SOURCE +MORE\n/)
  const lines = table.stdout.trimEnd().split('\n').slice(1)
  assert.deepEqual(
    lines.map((line) => line.split(/ {2,}/).slice(2, 7)),
    [
      ['decision', 'refused', 'anonymous', 'request', scope],
      ['decision', 'failed', 'rule:namespace/RootManageSharedAccessKey', 'request', scope],
      ['decision', 'allowed', 'rule:namespace/RootManageSharedAccessKey', 'request', scope],
    ],
  )
  const refused = ['--result', 'refused', '--scope', scope.toUpperCase(), '--principal', 'anonymous', '--limit', '1']
  const json = await PosternProcess.run(['audit', 'list', ...refused, '-o', 'json'], { env })
  const record = JSON.parse(json.stdout)
  assert.deepEqual([record.action, record.status, record.reason.split(':')[0]], ['request', 401, 'TokenMissing'])

  await relay.relay.stop()
  const stopped = await PosternProcess.run(['audit', 'verify', '--data', data, '--expect-head', head, '--json'])
  const verdict = JSON.parse(stopped.stdout)
  assert.deepEqual([stopped.code, verdict.broken], [0, undefined], stopped.stderr)
  assert.ok(verdict.count >= Number(sequence))

  const copy = join(folder, 'copy.db')
  copyFileSync(join(data, 'audit.db'), copy)
  alter(copy, `DELETE FROM record WHERE sequence >= ${sequence}`)
  assert.equal((await PosternProcess.run(['audit', 'verify', '--file', copy])).code, 0)
  const cut = await PosternProcess.run(['audit', 'verify', '--file', copy, '--expect-head', `${sequence}:${hash}`])
  assert.equal(cut.code, 1)
  assert.match(cut.stdout, new RegExp(`^BROKEN at ${sequence}: The log ends at record ${Number(sequence) - 1}, but`))
  alter(copy, `UPDATE record SET text = replace(text, 'allowed', 'refused')`)
  const changed = await PosternProcess.run(['audit', 'verify', '--file', copy])
  assert.equal(changed.code, 1)
  assert.match(changed.stdout, /^BROKEN at 1: Record 1 does not match its hash/)
})

test('what is typed wrongly, and a log that is not there, are said in one line and end with 2', async () => {
  const cases = [
    {
      args: ['verify', '--data', join(folder, 'none')],
      message: /none.audit\.db cannot be opened: there is no such file/,
    },
    { args: ['verify', '--expect-head', '5'], message: /"5" is no head: SEQUENCE:HASH/ },
    { args: ['list', '--since', 'yesterday'], message: /neither a duration such as 30m or 7d nor a date/ },
    { args: ['list', '--limit', '0'], message: /"0" is no positive whole number/ },
  ]
  await Promise.all(
    cases.map(async ({ args, message }) => {
      const { code, stderr } = await PosternProcess.run(['audit', ...args])
      assert.equal(code, 2, stderr)
      assert.match(stderr, message)
    }),
  )
})

function alter(file: string, statement: string): void {
  const database = new DatabaseSync(file)
  database.exec(statement)
  database.close()
}
