import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type HybridConnectionAccess, type RunningRelay, startRelay } from '@postern/server'
import { PosternProcess } from '@postern/testkit'

const folder = await mkdtemp(join(tmpdir(), 'postern-rotate-'))
after(() => rm(folder, { recursive: true, force: true }))
const data = join(folder, 'data')

const newKey = Buffer.alloc(32, 5).toString('base64')

const start = (): Promise<RunningRelay> =>
  startRelay({
    options: { inMemory: false, data, tls: 'off' },
    resources: {
      namespaces: [{ name: 'n', hybridConnections: [{ name: 'x', rules: [{ name: 'r', rights: ['Listen'] }] }] }],
    },
  })

const rotate = (args: readonly string[], env = {}): ReturnType<typeof PosternProcess.run> =>
  PosternProcess.run(['config', 'rotate-master-key', ...args], { cwd: folder, env })

test('the master key is changed while the relay is stopped, and its keys stay what they were', async () => {
  const relay = await start()
  const access = relay.hybridConnections().map(withoutPort)
  const early = await rotate(['--data', data])
  assert.equal(early.code, 2)
  assert.match(early.stderr, /in use by another Postern relay/)
  await relay.stop()

  const { code, stdout, stderr } = await rotate(['--data', 'data'])
  assert.equal(code, 0, stderr)
  const [, newId, oldId] =
    /^New master key ([0-9a-f]{8}), written beside data\/master\.key\.\n\d+ documents sealed with it\. Key ([0-9a-f]{8}) /.exec(
      stdout,
    ) ?? []
  assert.match(
    stdout,
    new RegExp(`start the relay\\.\\nThe old one is kept in data/master\\.key\\.${oldId} for backups`),
  )
  assert.notEqual(newId, oldId)
  await using again = await start()
  assert.deepEqual(again.hybridConnections().map(withoutPort), access)
})

test('a new key from a file of its own: options come from the file of the relay, the result is one JSON object', async () => {
  await writeFile(join(folder, 'new.key'), `${newKey}\n`)
  await writeFile(join(folder, 'postern.yaml'), 'data: data\ndataPort: 443\n')
  const { code, stdout, stderr } = await rotate(['--config', 'postern.yaml', '--json'], {
    POSTERN_NEW_MASTER_KEY: '@new.key',
  })
  assert.equal(code, 0, stderr)
  const report = JSON.parse(stdout)
  assert.deepEqual([report.dataDir, report.masterKeyFile], ['data', undefined])
  assert.ok(report.documents > 0)
  assert.match(await readFile(join(folder, report.oldMasterKeyFile), 'utf8'), /^\S{44}\n$/)

  const wrong = await rotate(['--data', data], { POSTERN_MASTER_KEY: Buffer.alloc(32, 6).toString('base64') })
  assert.equal(wrong.code, 2)
  assert.match(wrong.stderr, new RegExp(`made with master key ${report.newKeyId}, but [0-9a-f]{8} was given`))

  const back = await rotate(['--data', data], { POSTERN_MASTER_KEY: newKey })
  assert.equal(back.code, 0)
  assert.match(back.stderr, /start the relay without POSTERN_MASTER_KEY/)
})

test('neither key can be given as a flag', async () => {
  const { code, stderr } = await rotate(['--data', data, '--new-master-key', newKey])
  assert.equal(code, 2)
  assert.match(stderr, /unknown option/)
})

/** Every start takes a free port. */
function withoutPort(access: HybridConnectionAccess): string {
  return JSON.stringify(access).replace(/:\d+\//g, '/')
}
