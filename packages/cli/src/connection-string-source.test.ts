import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { readConnectionString } from './connection-string-source.ts'

const folder = mkdtempSync(join(tmpdir(), 'postern-source-test-'))
after(() => rmSync(folder, { recursive: true, force: true }))

test('the option wins over the environment, and ours over that of azbridge', async () => {
  const env = { POSTERN_CONNECTION_STRING: 'ours', AZURE_BRIDGE_CONNECTIONSTRING: 'theirs' }
  assert.equal(await readConnectionString('typed', env), 'typed')
  assert.equal(await readConnectionString(undefined, env), 'ours')
  assert.equal(await readConnectionString(undefined, { ...env, POSTERN_CONNECTION_STRING: '' }), 'theirs')
})

test('@FILE is read, from the option and from the environment', async () => {
  const file = join(folder, 'secret')
  writeFileSync(file, 'Endpoint=sb://localhost/\n')
  assert.equal(await readConnectionString(`@${file}`, {}), 'Endpoint=sb://localhost/')
  assert.equal(
    await readConnectionString(undefined, { POSTERN_CONNECTION_STRING: `@${file}` }),
    'Endpoint=sb://localhost/',
  )
})

test('nothing, or a file that is not there, is InvalidConnectionString', async () => {
  await assert.rejects(readConnectionString(undefined, {}), { code: 'InvalidConnectionString' })
  await assert.rejects(readConnectionString(`@${join(folder, 'missing')}`, {}), { code: 'InvalidConnectionString' })
})
