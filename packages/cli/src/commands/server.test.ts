import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { PosternProcess } from '@postern/testkit'

const folder = mkdtempSync(join(tmpdir(), 'postern-server-test-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const declare = (name: string): void =>
  writeFileSync(join(folder, 'relay.yaml'), `namespaces: [{ name: local, hybridConnections: [{ name: ${name} }] }]`)

function readConfig(args: readonly string[]): ReturnType<typeof PosternProcess.run> {
  return PosternProcess.run(['config', ...args], { cwd: folder, env: { POSTERN_LOG_LEVEL: 'debug', POSTERN_DTA: 'x' } })
}

test('server logs JSON alone, reads the resources file again, drains on SIGTERM and ends with 0', async () => {
  declare('first')
  writeFileSync(join(folder, 'postern.yaml'), 'dataPort: 0\nmanagementPort: 0\ndata: kept\nresources: relay.yaml\n')
  await using postern = new PosternProcess(['server', '--config', 'postern.yaml'], {
    cwd: folder,
    env: { POSTERN_DRAIN_TIMEOUT: '2s', POSTERN_DTA_PORT: '1' },
  })
  await postern.waitFor('stderr', /"relay\.ready"/)
  declare('second')
  await postern.waitFor('stderr', /"written":\["hc\/local\/second"\]/)
  postern.kill('SIGTERM')
  const { code, stdout, stderr } = await postern.end()
  assert.equal(code, 0)
  assert.equal(stdout, '')
  const lines = stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  const events = lines.map(({ event }) => event)
  assert.deepEqual(events.slice(-3), ['relay.stopping', 'audit.head', 'relay.stopped'])
  assert.deepEqual(lines.find(({ event }) => event === 'config.unknown-environment')?.names, ['POSTERN_DTA_PORT'])
  assert.equal(lines.find(({ event }) => event === 'relay.stopping')?.drainTimeoutMs, 2000)
})

test('config print says every value and where it comes from', async () => {
  writeFileSync(join(folder, 'print.yaml'), 'dataPort: 443\n')
  const { code, stdout, stderr } = await readConfig([
    'print',
    '--with-source',
    '--config',
    'print.yaml',
    '--no-in-memory',
  ])
  assert.equal(code, 0)
  assert.match(stdout, /^dataPort: 443 # file$/m)
  assert.match(stdout, /^logLevel: debug # environment$/m)
  assert.match(stdout, /^inMemory: false # flag$/m)
  assert.match(stdout, /^managementPort: 8444 # default$/m)
  assert.match(stderr, /POSTERN_DTA in the environment is no option/)
})

test('config check says all that is wrong with options, and where in the resources file', async () => {
  writeFileSync(join(folder, 'wrong.yaml'), 'dataPrt: 1\nmanagementPort: x\n')
  writeFileSync(join(folder, 'typo.yaml'), 'namespaces:\n  - name: local\n    hybridConections: []\n')
  const [options, resources, good] = await Promise.all([
    readConfig(['check', '--config', 'wrong.yaml']),
    readConfig(['check', '--resources', 'typo.yaml']),
    readConfig(['check', '--data-port', '443']),
  ])
  assert.equal(options.code, 2)
  assert.match(options.stderr, /wrong\.yaml:1:1 dataPrt: is no option\n.*wrong\.yaml:2:1 managementPort: /)
  assert.equal(resources.code, 2)
  assert.match(resources.stderr, /typo\.yaml:3:5: .*did you mean hybridConnections\?/)
  assert.equal(good.code, 0)
  assert.equal(good.stdout, 'The configuration is valid.\n')
})
