import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { isRelayError } from '@postern/protocol'
import { exampleRecord, testAuditStore } from '../audit-store.contract.ts'
import { AuditFile } from './audit-file.ts'
import { SqliteAuditStore, type SqliteAuditStoreOptions } from './sqlite-audit-store.ts'

testAuditStore('SQLite', async (t) => SqliteAuditStore.open({ dataDir: await createFolder(t) }))

test('what was written is there after the next start, and the chain goes on', async (t) => {
  const dataDir = await createFolder(t)
  const first = await SqliteAuditStore.open({ dataDir })
  first.append([exampleRecord({ trackingId: 'a' })])
  await first.close()
  const second = await SqliteAuditStore.open({ dataDir })
  t.after(() => second.close())
  second.append([exampleRecord({ trackingId: 'b' })])
  await second.flush()
  assert.deepEqual(
    (await second.query({ limit: 9 })).map(({ record }) => record.trackingId),
    ['b', 'a'],
  )
  assert.deepEqual([(await second.verify()).count, second.counts.written], [2, 1])
})

test('the database is for its owner alone, and needs no master key', async (t) => {
  const { dataDir, store } = await openStore(t)
  store.append([exampleRecord()])
  await store.flush()
  for (const name of ['audit.db', 'audit.db-wal', 'audit.db-shm']) {
    assert.equal((await stat(join(dataDir, name))).mode & 0o777, 0o600, name)
  }
  await assert.rejects(stat(join(dataDir, 'master.key')), { code: 'ENOENT' })
})

test('when more waits than the bound, one record in the chain says how many were lost', async (t) => {
  const { store } = await openStore(t, { maxWaiting: 10 })
  for (let at = 0; at < 50; at += 1) store.append([exampleRecord({ trackingId: `t${at}` })])
  await store.flush()
  store.append([exampleRecord({ trackingId: 'after' })])
  await store.flush()
  const found = (await store.query({ limit: 100 })).toSorted((a, b) => a.sequence - b.sequence)
  assert.deepEqual(
    found.map(({ record }) => record.reason ?? record.trackingId),
    [
      ...Array.from({ length: 10 }, (_, at) => `t${at}`),
      '40 records were lost: they came faster than the disk took them',
      'after',
    ],
  )
  assert.deepEqual(store.counts, { written: 12, lost: 40 })
  assert.equal((await store.verify()).broken, undefined)
})

test('what cannot be written is told, refused to those who wait for it, and written when it can be', async (t) => {
  const troubles: (string | undefined)[] = []
  const { dataDir, store } = await openStore(t, { onTrouble: (problem) => troubles.push(problem) })
  const other = new DatabaseSync(join(dataDir, 'audit.db'))
  t.after(() => other.close())
  other.exec('ALTER TABLE record RENAME TO hidden')
  store.append([exampleRecord({ trackingId: 'a' }), exampleRecord({ trackingId: 'b' })])
  await assert.rejects(store.flush(), (error) => isRelayError(error, 'InternalError'))
  assert.match(troubles[0] ?? '', /^The audit store failed: no such table/)
  other.exec('ALTER TABLE hidden RENAME TO record')
  store.append([exampleRecord({ trackingId: 'c' })])
  await store.flush()
  assert.deepEqual(troubles.slice(1), [undefined])
  assert.deepEqual(
    (await store.query({ limit: 9 })).map(({ record }) => record.trackingId),
    ['c', 'b', 'a'],
  )
  assert.deepEqual(store.counts, { written: 3, lost: 0 })
})

test('a store that cannot write any more still closes, and counts what is lost', async (t) => {
  const { dataDir, store } = await openStore(t)
  const other = new DatabaseSync(join(dataDir, 'audit.db'))
  t.after(() => other.close())
  other.exec('ALTER TABLE record RENAME TO hidden')
  store.append([exampleRecord(), exampleRecord()])
  await store.close()
  assert.deepEqual(store.counts, { written: 0, lost: 2 })
})

test('a file is read while a store writes it', async (t) => {
  const { dataDir, store } = await openStore(t)
  store.append([exampleRecord({ trackingId: 'a' })])
  await store.flush()
  const file = AuditFile.open(join(dataDir, 'audit.db'))
  t.after(() => file.close())
  assert.deepEqual(await file.verify(), await store.verify())
  store.append([exampleRecord({ trackingId: 'b' })])
  await store.flush()
  assert.deepEqual(await file.head(), await store.head())
  assert.deepEqual(await file.query({ limit: 9 }), await store.query({ limit: 9 }))
})

test('records that are deleted while a file is verified are no gap', async (t) => {
  const { dataDir, store } = await openStore(t)
  const records = 25_000
  store.append(Array.from({ length: records }, () => exampleRecord()))
  await store.flush()
  store.append([exampleRecord({ at: new Date('2027-01-01') })])
  await store.flush()
  const file = AuditFile.open(join(dataDir, 'audit.db'))
  t.after(() => file.close())
  let pruning: Promise<number> | undefined
  const verdict = await file.verify({
    onProgress: () => {
      pruning ??= store.prune(new Date('2026-06-01'))
    },
  })
  assert.equal(await pruning, records)
  assert.deepEqual([verdict.broken, verdict.head.sequence], [undefined, records + 1])
  assert.equal((await file.verify()).count, 1)
})

test('a file that is missing, of another program or of a newer release is no audit log', async (t) => {
  const { dataDir, store } = await openStore(t)
  await store.close()
  const file = join(dataDir, 'audit.db')
  const refuses = (path: string, message: RegExp): void =>
    assert.throws(
      () => AuditFile.open(path),
      (error) => isRelayError(error, 'InvalidConfiguration') && message.test(error.message),
    )
  refuses(join(dataDir, 'none.db'), /there is no such file/)
  const alter = (statement: string): void => {
    const database = new DatabaseSync(file)
    database.exec(statement)
    database.close()
  }
  alter('PRAGMA user_version = 99')
  refuses(file, /newer release/)
  alter('PRAGMA application_id = 7')
  refuses(file, /database of another program/)
  await assert.rejects(SqliteAuditStore.open({ dataDir }), /database of another program/)
})

test('a copy where nothing may be written is read', async (t) => {
  const { dataDir, store } = await openStore(t)
  store.append([exampleRecord()])
  await store.close()
  const code = `
    import { AuditFile } from ${JSON.stringify(new URL('./audit-file.ts', import.meta.url).href)}
    // The administrator of a machine may write everywhere.
    if (process.getuid() === 0) process.setuid(65534)
    const log = AuditFile.open(${JSON.stringify(join(dataDir, 'audit.db'))})
    console.log(JSON.stringify(await log.verify()))`
  const args = [...process.execArgv, '--input-type=module', '--eval', code]
  await chmod(join(dataDir, 'audit.db'), 0o444)
  await chmod(dataDir, 0o555)
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 })
    assert.equal(JSON.parse(stdout).count, 1)
  } finally {
    await chmod(dataDir, 0o700)
  }
})

async function openStore(
  t: TestContext,
  options: Partial<SqliteAuditStoreOptions> = {},
): Promise<{ readonly dataDir: string; readonly store: SqliteAuditStore }> {
  const dataDir = await createFolder(t)
  const store = await SqliteAuditStore.open({ dataDir, ...options })
  t.after(() => store.close())
  return { dataDir, store }
}

async function createFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-audit-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}
