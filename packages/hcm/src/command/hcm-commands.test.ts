import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ask, connectionStringOf, putEntity, signal, startBedRelay, startTarget } from '../hcm-bed.contract.ts'

const main = fileURLToPath(new URL('../main.ts', import.meta.url))

function start(folder: string, args: readonly string[]): ChildProcess {
  return spawn(process.execPath, ['--conditions=@postern/source', main, ...args], {
    env: { ...process.env, POSTERN_HCM_DIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function hcm(folder: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const program = start(folder, args)
  const [stdout, stderr, [code]] = await Promise.all([
    text(program.stdout!),
    text(program.stderr!),
    once(program, 'close', { signal: signal() }),
  ])
  return { code: code as number, stdout, stderr }
}

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'hcm-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

test('a service is run, asked and changed by commands, and ends when it is told', async (t) => {
  const folder = folderFor(t)
  await using relay = await startBedRelay()
  await using target = await startTarget('one')
  await putEntity(relay, 'db', `127.0.0.1:${target.port}`)
  const service = start(folder, ['run', '--no-tls', '--json'])
  t.after(() => service.kill('SIGKILL'))
  let log = ''
  service.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
    log += chunk
  })
  while (!log.includes('hcm.started')) await once(service.stderr!, 'data', { signal: signal() })

  const file = join(folder, 'connection-string')
  writeFileSync(file, connectionStringOf(relay, 'db'))
  const added = await hcm(folder, 'add', `@${file}`)
  assert.equal(added.code, 0, added.stderr)
  assert.match(added.stdout, /^Connection added successfully\n/)
  assert.equal((await hcm(folder, 'add', `@${file}`)).code, 1)
  assert.equal((await hcm(folder, 'test', 'db')).code, 0)
  assert.equal(await ask(relay, 'db', 'x'), 'one x')

  const [listed] = JSON.parse((await hcm(folder, 'list', '--output', 'json')).stdout).ConnectionInformations
  assert.deepEqual(
    [listed.Name, listed.Endpoint, listed.Status, listed.Target],
    ['db', `127.0.0.1:${target.port}`, 'Connected', 'Reachable'],
  )
  assert.match(
    (await hcm(folder, 'list')).stdout,
    /^NAMESPACE +NAME +ENDPOINT .*\n\S+ +db +127\.0\.0\.1:\d+ +Connected/,
  )
  assert.equal((await hcm(folder, 'policy', 'allow', '*.corp:5432')).stdout, '*.corp:5432\n')
  assert.equal((await hcm(folder, 'policy', 'allow', 'nonsense')).code, 2)
  const missing = await hcm(folder, 'show', '-ns', '127', '-n', 'gone')
  assert.deepEqual([missing.code, /There is no hybrid connection 127\/gone here/.test(missing.stderr)], [3, true])
  await target[Symbol.asyncDispose]()
  const status = await hcm(folder, 'test', 'db')
  assert.equal(status.code, 1)
  assert.match(status.stdout, /problem at the target: .*ECONNREFUSED/)
  assert.match((await hcm(folder, 'remove', '-n', 'db')).stdout, /Connection removed successfully/)
  assert.doesNotMatch(log, /primary-key-of-the-tests/)

  service.kill('SIGTERM')
  const [code] = await once(service, 'close', { signal: signal() })
  assert.equal(code, 0)
})

test('commands without a running service say how to start one', async (t) => {
  const { code, stderr } = await hcm(folderFor(t), 'list')
  assert.equal(code, 1)
  assert.match(stderr, /it does not run.*hcm run/)
})
