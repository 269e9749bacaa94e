import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ask, connectionStringOf, putEntity, signal, startBedRelay, startTarget } from '../hcm-bed.contract.ts'
import { runHcmCommand, startHcm, startService } from '../hcm-process.contract.ts'

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
  const { program: service, log } = await startService(t, folder)

  const file = join(folder, 'connection-string')
  writeFileSync(file, connectionStringOf(relay, 'db'))
  const added = await runHcmCommand(folder, 'add', `@${file}`)
  assert.equal(added.code, 0, added.stderr)
  assert.match(added.stdout, /^Connection added successfully\n/)
  assert.equal((await runHcmCommand(folder, 'add', `@${file}`)).code, 1)
  assert.equal((await runHcmCommand(folder, 'test', 'db')).code, 0)
  assert.equal(await ask(relay, 'db', 'x'), 'one x')

  const [listed] = JSON.parse((await runHcmCommand(folder, 'list', '--output', 'json')).stdout).ConnectionInformations
  assert.deepEqual(
    [listed.Name, listed.Endpoint, listed.Status, listed.Target],
    ['db', `127.0.0.1:${target.port}`, 'Connected', 'Reachable'],
  )
  assert.match(
    (await runHcmCommand(folder, 'list')).stdout,
    /^NAMESPACE +NAME +ENDPOINT .*\n\S+ +db +127\.0\.0\.1:\d+ +Connected/,
  )
  assert.equal((await runHcmCommand(folder, 'policy', 'allow', '*.corp:5432')).stdout, '*.corp:5432\n')
  assert.equal((await runHcmCommand(folder, 'policy', 'allow', 'nonsense')).code, 2)
  const missing = await runHcmCommand(folder, 'show', '-ns', '127', '-n', 'gone')
  assert.deepEqual([missing.code, /There is no hybrid connection 127\/gone here/.test(missing.stderr)], [3, true])
  await target[Symbol.asyncDispose]()
  const status = await runHcmCommand(folder, 'test', 'db')
  assert.equal(status.code, 1)
  assert.match(status.stdout, /problem at the target: .*ECONNREFUSED/)
  assert.match((await runHcmCommand(folder, 'remove', '-n', 'db')).stdout, /Connection removed successfully/)
  assert.doesNotMatch(log(), /primary-key-of-the-tests/)

  const shown = JSON.parse((await runHcmCommand(folder, 'status', '-o', 'json')).stdout)
  assert.deepEqual([shown.Service.Pid, shown.Service.HybridConnections], [service.pid, 0])
  assert.match((await runHcmCommand(folder, 'status')).stdout, new RegExp(`process ${service.pid}, running since`))
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  assert.equal((await runHcmCommand(folder, 'version')).stdout, `hcm ${version} (the service too)\n`)

  service.kill('SIGTERM')
  const [code] = await once(service, 'close', { signal: signal() })
  assert.equal(code, 0)

  assert.equal((await runHcmCommand(folder, 'version')).stdout, `hcm ${version} (no service answers)\n`)
  const logged = await runHcmCommand(folder, 'logs', '-n', '1000')
  assert.match(logged.stdout, /^\S+ info  hcm\.started .*\n(.*\n)*\S+ info  hcm\.stopping signal=SIGTERM\n$/)
  const [, ...lines] = (await runHcmCommand(folder, 'logs', '-n', '2', '-o', 'json')).stdout.split('\n')
  assert.equal(JSON.parse(lines[0] ?? '').event, 'hcm.stopping')
  for (const name of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (name.isFile() && name.name !== 'connection-string')
      assert.doesNotMatch(readFileSync(join(name.parentPath, name.name), 'utf8'), /primary-key-of-the-tests/, name.name)
})

test('logs are followed, also by a program that reads them through a pipe', async (t) => {
  const folder = folderFor(t)
  await startService(t, folder)
  const follower = startHcm(folder, ['logs', '--follow', '-n', '1', '-o', 'json'])
  t.after(() => follower.kill('SIGKILL'))
  let lines = ''
  follower.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
    lines += chunk
  })
  while (!/"event":"hcm\.started"/.test(lines)) await once(follower.stdout!, 'data', { signal: signal() })
  const key = 'SharedAccessKeyName=listen;SharedAccessKey=hidden-key-of-the-tests'
  const added = runHcmCommand(folder, 'add', `Endpoint=sb://127.0.0.1:1/;${key};EntityPath=db`)
  while (!/"event":"hcm\.offline"/.test(lines)) await once(follower.stdout!, 'data', { signal: signal() })
  assert.doesNotMatch(lines + (await added).stdout, /hidden-key-of-the-tests/)
  follower.kill('SIGINT')
  const [code] = await once(follower, 'close', { signal: signal() })
  assert.equal(code, 0)
})

test('settings that cannot be used are told with their names, before anything is touched', async (t) => {
  const folder = folderFor(t)
  const { code, stderr } = await runHcmCommand(folder, 'run', '--probe-interval', 'soon', '--log-level', 'loud')
  assert.equal(code, 2)
  assert.match(stderr, /--probe-interval.*\n.*--log-level/s)
  assert.deepEqual(readdirSync(folder), [])
})

test('commands without a running service say how to start one', async (t) => {
  const { code, stderr } = await runHcmCommand(folderFor(t), 'list')
  assert.equal(code, 1)
  assert.match(stderr, /it does not run.*Start it: hcm run/s)
})
