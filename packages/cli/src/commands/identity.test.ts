import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { startRelay } from '@postern/server'
import { PosternProcess } from '@postern/testkit'

const data = mkdtempSync(join(tmpdir(), 'postern-identity-test-'))
after(() => rmSync(data, { recursive: true, force: true }))
const file = join(data, 'bootstrap-admin.json')

const reset = (...more: readonly string[]) => PosternProcess.run(['identity', 'reset-admin', '--data', data, ...more])
const readSecret = (): string => (JSON.parse(readFileSync(file, 'utf8')) as { clientSecret: string }).clientSecret

/** Status of the token endpoint. */
async function signIn(relay: Awaited<ReturnType<typeof startRelay>>, secret: string): Promise<number | undefined> {
  const form = { grant_type: 'client_credentials', client_id: 'admin', client_secret: secret }
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
  const url = `${relay.management}/common/oauth2/v2.0/token`
  return await new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers, ca: relay.caPem ?? '', agent: false }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode))
    })
    sent.once('error', reject).end(new URLSearchParams(form).toString())
  })
}

test('a folder without a relay is refused, and stays as it is', async () => {
  const { code, stderr } = await reset()
  assert.notEqual(code, 0)
  assert.match(stderr, /holds no relay/)
  assert.throws(() => statSync(join(data, 'postern.db')))
})

test('the secret of a stopped relay is made anew, and the old one is worth nothing', async () => {
  const first = await startRelay({ options: { inMemory: false, data } })
  const old = readSecret()
  assert.equal(await signIn(first, old), 200)
  const running = await reset()
  assert.notEqual(running.code, 0)
  assert.match(running.stderr, /in use by another/)
  assert.equal(readSecret(), old)
  await first.stop()
  rmSync(file)
  const { code, stdout } = await reset('--json')
  assert.equal(code, 0)
  const secret = readSecret()
  assert.ok(!stdout.includes(secret), 'not on the screen')
  assert.equal((JSON.parse(stdout) as { file: string }).file, file)
  if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o600)
  await using second = await startRelay({ options: { inMemory: false, data } })
  assert.deepEqual([await signIn(second, secret), await signIn(second, old)], [200, 401])
})
