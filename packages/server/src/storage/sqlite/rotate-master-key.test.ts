import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, chown, cp, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { Secret } from '@postern/program'
import { isRelayError } from '@postern/protocol'
import { KeySealer } from '../key-sealer.ts'
import { entity, everyKind, type PlainDocument, plain } from '../resource-store.contract.ts'
import { type RotateMasterKeyOptions, type RotationStep, rotateMasterKey } from './rotate-master-key.ts'
import { SqliteStore } from './sqlite-store.ts'

test('with a new key of its own, documents of every kind say what they said, and the file holds the key', async (t) => {
  const folder = await createFolder(t)
  const steps: RotationStep[] = []
  const old = await readFile(join(folder.dataDir, 'master.key'), 'utf8')
  const rotation = await rotateMasterKey({ dataDir: folder.dataDir, onStep: (step) => steps.push(step) })
  const key = await readFile(join(folder.dataDir, 'master.key'), 'utf8')
  assert.notEqual(key, old)
  assert.deepEqual(rotation, {
    oldKeyId: idOf(old),
    newKeyId: idOf(key),
    documents: everyKind.length,
    masterKeyFile: join(folder.dataDir, 'master.key'),
    oldMasterKeyFile: join(folder.dataDir, `master.key.${idOf(old)}`),
  })
  assert.equal(await readFile(rotation.oldMasterKeyFile, 'utf8'), old)
  assert.deepEqual(steps, ['keyWritten', 'sealed', 'wiped', 'filed'])
  assert.deepEqual(await readDocuments(folder.dataDir), folder.documents)
})

test('the old key opens nothing any more, and nothing in any file is sealed with it', async (t) => {
  const { dataDir } = await createFolder(t)
  const old = new Secret(await readFile(join(dataDir, 'master.key'), 'utf8'))
  // Deleted and replaced documents leave their bytes behind.
  const store = await SqliteStore.open({ dataDir })
  for (let round = 0; round < 50; round += 1) await store.put(entity('n', `x${round}`, { rules: manyRules }))
  for (let round = 0; round < 50; round += 1) await store.delete(`hc/n/x${round}`)
  await store.close()
  const mark = `v1.${idOf(old.reveal())}.`
  assert.ok((await filesWith(dataDir, mark)).length > 0)
  await rotateMasterKey({ dataDir })
  assert.deepEqual(await filesWith(dataDir, mark), [])
  await assert.rejects(SqliteStore.open({ dataDir, masterKey: old }), /was made with master key/)
})

test('a key that is given is not written to the folder, where no key is left in force', async (t) => {
  const { dataDir, documents } = await createFolder(t)
  const old = await readFile(join(dataDir, 'master.key'), 'utf8')
  const newMasterKey = randomMasterKey()
  const rotation = await rotateMasterKey({ dataDir, newMasterKey })
  assert.equal(rotation.masterKeyFile, undefined)
  assert.equal(rotation.oldMasterKeyFile, join(dataDir, `master.key.${idOf(old)}`))
  assert.deepEqual(await filesWith(dataDir, newMasterKey.reveal()), [])
  await assert.rejects(SqliteStore.open({ dataDir }), /holds a database but no master\.key/)
  assert.deepEqual(await readDocuments(dataDir, newMasterKey), documents)
  // And from one given key to the next.
  const third = randomMasterKey()
  const again = await rotateMasterKey({ dataDir, masterKey: newMasterKey, newMasterKey: third })
  assert.equal(again.oldMasterKeyFile, undefined)
  assert.deepEqual(await readDocuments(dataDir, third), documents)
  // And back into the folder.
  await rotateMasterKey({ dataDir, masterKey: third })
  assert.deepEqual(await readDocuments(dataDir), documents)
})

test('what cannot be done is refused with what to do, and changes nothing', async (t) => {
  const { dataDir, documents } = await createFolder(t)
  const before = await readdir(dataDir)
  const refused = async (options: Partial<RotateMasterKeyOptions>, expected: RegExp): Promise<void> => {
    await assert.rejects(rotateMasterKey({ dataDir, ...options }), (error) => {
      assert.ok(isRelayError(error, 'InvalidConfiguration'), String(error))
      assert.match(error.message, expected)
      return true
    })
  }
  const standing = new Secret(await readFile(join(dataDir, 'master.key'), 'utf8'))
  await refused({ masterKey: randomMasterKey() }, /made with master key [0-9a-f]{8}, but [0-9a-f]{8} was given/)
  await refused({ masterKey: randomMasterKey(), newMasterKey: randomMasterKey() }, /made with master key/)
  await refused({ newMasterKey: standing }, /is the one in force/)
  await refused({ newMasterKey: new Secret('c2hvcnQ=') }, /openssl rand -base64 32/)
  await refused({ dataDir: join(dataDir, 'none') }, /holds no database/)
  const store = await SqliteStore.open({ dataDir })
  await refused({}, /in use/)
  await store.close()
  await chmod(join(dataDir, 'master.key'), 0o644)
  if (process.platform !== 'win32') await refused({}, /chmod 600/)
  await chmod(join(dataDir, 'master.key'), 0o600)
  assert.deepEqual(await readdir(dataDir), before)
  assert.deepEqual(await readDocuments(dataDir), documents)
})

test('a damaged document is named, and nothing was changed', async (t) => {
  const { dataDir } = await createFolder(t)
  const database = new DatabaseSync(join(dataDir, 'postern.db'))
  database.exec(`UPDATE document SET body = replace(body, '"sealed":"v1.', '"sealed":"v2.') WHERE key = 'signingkey/k'`)
  const before = database.prepare('SELECT * FROM document').all()
  await assert.rejects(
    rotateMasterKey({ dataDir }),
    (error) => isRelayError(error, 'InternalError') && /signingkey\/k is damaged, so nothing/.test(error.message),
  )
  assert.deepEqual(database.prepare('SELECT * FROM document').all(), before)
  database.close()
})

for (const step of ['keyWritten', 'sealed', 'wiped', 'filed'] as const) {
  test(`killed when it is ${step}, one of the keys opens everything, and the next run ends it`, async (t) => {
    const { dataDir, documents } = await createFolder(t)
    const copy = join(dataDir, '..', 'copy')
    await runKilled(t, dataDir, `(step) => step === '${step}' && process.kill(process.pid, 'SIGKILL')`)
    await cp(dataDir, copy, { recursive: true })
    assert.deepEqual(await readDocuments(copy), documents, 'opened by a relay')
    assert.ok(!(await readdir(copy)).includes('master.key.next') || step === 'keyWritten')
    const rotation = await rotateMasterKey({ dataDir })
    const isSealed = step === 'sealed' || step === 'wiped'
    assert.equal(rotation.documents, isSealed ? 0 : documents.length)
    assert.equal(rotation.newKeyId, idOf(await readFile(join(dataDir, 'master.key'), 'utf8')))
    assert.ok(!(await readdir(dataDir)).includes('master.key.next'))
    assert.deepEqual(await readDocuments(dataDir), documents)
  })
}

test('killed while it goes over to a key that is given, the same command ends it', async (t) => {
  const { dataDir, documents } = await createFolder(t)
  let masterKey: Secret | undefined
  for (const step of ['keyWritten', 'sealed', 'wiped', 'filed'] as const) {
    const newMasterKey = randomMasterKey()
    const keys = { ...(masterKey && { masterKey: masterKey.reveal() }), newMasterKey: newMasterKey.reveal() }
    await runKilled(t, dataDir, `(step) => step === '${step}' && process.kill(process.pid, 'SIGKILL')`, keys)
    await rotateMasterKey({ dataDir, ...(masterKey && { masterKey }), newMasterKey })
    assert.deepEqual(await readDocuments(dataDir, newMasterKey), documents)
    assert.ok(!(await readdir(dataDir)).includes('master.key'))
    masterKey = newMasterKey
  }
})

test('killed at any time, again and again, it loses no document and no key', async (t) => {
  const { dataDir, documents } = await createFolder(t)
  const ended = { whole: 0, cut: 0 }
  for (let round = 0; round < 8; round += 1) {
    const child = startChild(t, dataDir, `() => {}`)
    // It may end by itself before it is killed.
    const exit = once(child, 'exit', { signal: AbortSignal.timeout(20_000) })
    await once(child.stdout!, 'data', { signal: AbortSignal.timeout(20_000) })
    // It takes some milliseconds from there, on a fast machine a few.
    await wait((Math.random() * 64) / 2 ** round)
    child.kill('SIGKILL')
    const [code] = await exit
    ended[code === 0 ? 'whole' : 'cut'] += 1
    if (round % 2 === 0) assert.deepEqual(await readDocuments(dataDir), documents)
  }
  assert.ok(ended.cut > 0, JSON.stringify(ended))
  await rotateMasterKey({ dataDir })
  assert.deepEqual(await readDocuments(dataDir), documents)
})

test('the new key file belongs to whom the database belongs', {
  skip: process.getuid?.() !== 0 && 'needs root',
}, async (t) => {
  const { dataDir } = await createFolder(t)
  for (const name of await readdir(dataDir)) await chown(join(dataDir, name), 4711, 4712)
  const { masterKeyFile } = await rotateMasterKey({ dataDir })
  const { uid, gid, mode } = await stat(masterKeyFile!)
  assert.deepEqual([uid, gid, mode & 0o777], [4711, 4712, 0o600])
})

interface Folder {
  readonly dataDir: string
  readonly documents: readonly (PlainDocument | undefined)[]
}

/** A data folder with documents of every kind, and what they say. */
async function createFolder(t: TestContext): Promise<Folder> {
  const root = await mkdtemp(join(tmpdir(), 'postern-rotation-'))
  t.after(() => rm(root, { recursive: true }))
  const dataDir = join(root, 'data')
  const store = await SqliteStore.open({ dataDir })
  for (const document of everyKind) await store.put(document)
  await store.close()
  return { dataDir, documents: await readDocuments(dataDir) }
}

async function readDocuments(dataDir: string, masterKey?: Secret): Promise<readonly (PlainDocument | undefined)[]> {
  const store = await SqliteStore.open({ dataDir, ...(masterKey && { masterKey }) })
  try {
    assert.deepEqual(await store.integrityCheck(), [])
    return (await store.list()).map(plain)
  } finally {
    await store.close()
  }
}

async function filesWith(folder: string, text: string): Promise<readonly string[]> {
  const names = await readdir(folder)
  const found = await Promise.all(names.map(async (name) => (await readFile(join(folder, name))).includes(text)))
  return names.filter((_, index) => found[index])
}

type Keys = { readonly [Name in 'masterKey' | 'newMasterKey']?: string }

async function runKilled(t: TestContext, dataDir: string, onStep: string, keys: Keys = {}): Promise<void> {
  const child = startChild(t, dataDir, onStep, keys)
  const [, signal] = await once(child, 'exit', { signal: AbortSignal.timeout(20_000) })
  assert.equal(signal, 'SIGKILL')
}

/** Says one word when it begins. */
function startChild(t: TestContext, dataDir: string, onStep: string, keys: Keys = {}): ChildProcess {
  const code = `
    import { Secret } from '@postern/program'
    import { rotateMasterKey } from ${JSON.stringify(new URL('./rotate-master-key.ts', import.meta.url).href)}
    const keys = Object.entries(${JSON.stringify(keys)}).map(([name, key]) => [name, new Secret(key)])
    process.stdout.write('begun')
    await rotateMasterKey({ dataDir: ${JSON.stringify(dataDir)}, onStep: ${onStep}, ...Object.fromEntries(keys) })`
  const child = spawn(process.execPath, [...process.execArgv, '--input-type=module', '--eval', code], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  return child
}

const manyRules = Array.from({ length: 12 }, (_, index) => ({
  name: `r${index}`,
  rights: [],
  primaryKey: new Secret('one'),
  secondaryKey: new Secret('two'),
}))

function idOf(masterKey: string): string {
  return new KeySealer(new Secret(masterKey)).keyId
}

function randomMasterKey(): Secret {
  return new Secret(randomBytes(32).toString('base64'))
}
