import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readdir, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { Secret } from '@postern/program'
import { isRelayError } from '@postern/protocol'
import { entity, namespace, testResourceStore } from '../resource-store.contract.ts'
import { rulesOf } from '../resource-store.ts'
import { testStoreUnderLoad } from '../resource-store-load.contract.ts'
import { SqliteStore } from './sqlite-store.ts'

for (const suite of [testResourceStore, testStoreUnderLoad]) {
  suite('SQLite', async (t) => {
    const dataDir = await createFolder(t)
    let first: SqliteStore | undefined
    return {
      open: async () => {
        if (first) return first.share()
        first = await SqliteStore.open({ dataDir })
        return first
      },
    }
  })
}

test('documents, their keys and the count of revisions outlive the store', async (t) => {
  const dataDir = await createFolder(t)
  const written = await withStore(dataDir, async (store) => {
    await store.put(namespace('gone'))
    await store.delete('ns/gone')
    return store.put(namespace('local'))
  })
  await withStore(dataDir, async (store) => {
    const [read] = await store.list()
    assert.equal(read?.revision, written.revision)
    assert.equal(rulesOf(read.document)[0]?.secondaryKey.reveal(), 'secondary key of root ö')
    const next = await store.put(namespace('local'))
    assert.ok(Number(next.revision) > Number(written.revision))
  })
})

test('no key stands in any file in the clear', async (t) => {
  const dataDir = await createFolder(t)
  const key = randomBytes(32).toString('base64')
  const rules = [{ name: 'r', rights: ['Send'] as const, primaryKey: new Secret(key), secondaryKey: new Secret(key) }]
  await withStore(dataDir, async (store) => {
    await store.put(namespace('local', { rules }))
    for (const name of await readdir(dataDir)) {
      assert.ok(!(await readFile(join(dataDir, name))).includes(key), name)
    }
  })
})

test('folder and files belong to their owner alone', { skip: process.platform === 'win32' }, async (t) => {
  const dataDir = join(await createFolder(t), 'new', 'data')
  await withStore(dataDir, async (store) => {
    await store.put(namespace('local'))
    assert.equal((await stat(dataDir)).mode & 0o777, 0o700)
    const names = await readdir(dataDir)
    assert.deepEqual(names.toSorted(), ['master.key', 'postern.db', 'postern.db-shm', 'postern.db-wal', 'postern.lock'])
    for (const name of names) assert.equal((await stat(join(dataDir, name))).mode & 0o777, 0o600, name)
  })
})

test('a folder that is open already is refused with what to do, also within one process', async (t) => {
  const dataDir = await createFolder(t)
  await withStore(dataDir, async (store) => {
    await assertRefused(dataDir, /in use by another .* --data/)
    await assertRefused(dataDir, /in use by another .* --data/)
    await store.put(namespace('local'))
  })
  await withStore(dataDir, async (store) => assert.equal((await store.list()).length, 1))
})

test('a store that is shared closes the database with the last one', async (t) => {
  const dataDir = await createFolder(t)
  const store = await SqliteStore.open({ dataDir })
  const other = store.share()
  await store.close()
  await assertRefused(dataDir, /in use/)
  await other.close()
  await withStore(dataDir, async () => {})
})

test('another master key is refused, the first one still works', async (t) => {
  const dataDir = await createFolder(t)
  const masterKey = randomMasterKey()
  await withStore(dataDir, async (store) => void (await store.put(namespace('local'))), masterKey)
  assert.ok(!(await readdir(dataDir)).includes('master.key'))
  await assertRefused(dataDir, /made with master key [0-9a-f]{8}, but [0-9a-f]{8} was given/, randomMasterKey())
  await assertRefused(dataDir, /holds a database but no master\.key/)
  await withStore(dataDir, async (store) => assert.equal((await store.list()).length, 1), masterKey)
})

test('a master key of another length is refused with how to make one', async (t) => {
  await assertRefused(await createFolder(t), /openssl rand -base64 32/, new Secret('c2hvcnQ='))
})

test('a lost master key is not made anew over an existing database', async (t) => {
  const dataDir = await createFolder(t)
  await withStore(dataDir, async (store) => void (await store.put(namespace('local'))))
  await unlink(join(dataDir, 'master.key'))
  await assertRefused(dataDir, /Put that file back/)
})

test('a master key that others can read is refused', { skip: process.platform === 'win32' }, async (t) => {
  const dataDir = await createFolder(t)
  await withStore(dataDir, async () => {})
  await chmod(join(dataDir, 'master.key'), 0o640)
  await assertRefused(dataDir, /chmod 600/)
})

test('a database of another program, a newer one, and a file that is none are left alone', async (t) => {
  const dataDir = await createFolder(t)
  await withStore(dataDir, async () => {})
  const file = join(dataDir, 'postern.db')
  const alter = async (statement: string, expected: RegExp): Promise<void> => {
    const database = new DatabaseSync(file)
    database.exec(statement)
    database.close()
    const before = await readFile(file)
    await assertRefused(dataDir, expected)
    assert.deepEqual(await readFile(file), before)
  }
  await alter('PRAGMA journal_mode = DELETE; PRAGMA user_version = 99', /newer release/)
  await alter('PRAGMA application_id = 7', /database of another program/)
  await alter('PRAGMA application_id = 0', /database of another program/)
  await writeFile(file, 'no database at all, but long enough to be looked at by SQLite as one')
  await assertRefused(dataDir, /cannot be opened: file is not a database/)
})

test('a document that could not be read again is not written', async (t) => {
  const dataDir = await createFolder(t)
  await withStore(dataDir, async (store) => {
    const wrong = entity('n', 'x', { rules: [{ name: 'r', rights: ['Rule'] }] as unknown as [] })
    await assert.rejects(
      store.put(wrong),
      (error) => isRelayError(error, 'InternalError') && /hc\/n\/x/.test(error.message),
    )
    assert.deepEqual(await store.list(), [])
  })
})

test('a data folder that cannot be made is refused', async (t) => {
  const dataDir = await createFolder(t)
  await writeFile(join(dataDir, 'file'), '')
  await assertRefused(join(dataDir, 'file', 'data'), /cannot be made/)
})

test('the integrity check finds documents that were altered or exchanged', async (t) => {
  const dataDir = await createFolder(t)
  const rule = (name: string) => ({ name, rights: [], primaryKey: new Secret('one'), secondaryKey: new Secret('two') })
  await withStore(dataDir, async (store) => {
    for (const name of ['a', 'b', 'c', 'd']) await store.put(entity('n', name, { rules: [rule('r')] }))
    assert.deepEqual(await store.integrityCheck(), [])
  })
  const database = new DatabaseSync(join(dataDir, 'postern.db'))
  database.exec(`
    UPDATE document SET body = replace(body, '"name":"a"', '"name":"z"') WHERE key = 'hc/n/a';
    UPDATE document SET body = '{}' WHERE key = 'hc/n/b';
    UPDATE document SET body = json_set(body, '$.value.rules[0].primaryKey', json(body -> '$.value.rules[0].secondaryKey')) WHERE key = 'hc/n/c'`)
  database.close()
  await withStore(dataDir, async (store) => {
    const complaints = await store.integrityCheck()
    assert.deepEqual(
      complaints.map((text) => text.slice(0, 6)),
      ['hc/n/a', 'hc/n/b', 'hc/n/c'],
    )
    await assert.rejects(
      store.list(),
      (error) => isRelayError(error, 'InternalError') && /hc\/n\/a is damaged/.test(error.message),
    )
  })
})

async function createFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-store-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

async function withStore<T>(dataDir: string, use: (store: SqliteStore) => Promise<T>, masterKey?: Secret): Promise<T> {
  const store = await SqliteStore.open({ dataDir, ...(masterKey && { masterKey }) })
  try {
    return await use(store)
  } finally {
    await store.close()
  }
}

function assertRefused(dataDir: string, expected: RegExp, masterKey?: Secret): Promise<void> {
  return assert.rejects(SqliteStore.open({ dataDir, ...(masterKey && { masterKey }) }), (error) => {
    assert.ok(isRelayError(error, 'InvalidConfiguration'), String(error))
    assert.match(error.message, expected)
    return true
  })
}

function randomMasterKey(): Secret {
  return new Secret(randomBytes(32).toString('base64'))
}
