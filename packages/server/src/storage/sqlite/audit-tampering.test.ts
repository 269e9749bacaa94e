import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { type ChainPosition, chainHash } from '../audit-chain.ts'
import { exampleRecord } from '../audit-store.contract.ts'
import type { AuditVerdict } from '../audit-store.ts'
import { AuditFile } from './audit-file.ts'
import { SqliteAuditStore } from './sqlite-audit-store.ts'

interface Log {
  readonly file: string
  /** The head when everything was in order. */
  readonly head: ChainPosition
  readonly alter: (change: (database: DatabaseSync) => void) => void
  readonly verify: (expectedHead?: ChainPosition) => Promise<AuditVerdict>
}

/** Nine records, of which the first three were deleted by retention. */
async function createLog(t: TestContext): Promise<Log> {
  const dataDir = await mkdtemp(join(tmpdir(), 'postern-tampering-'))
  t.after(() => rm(dataDir, { recursive: true }))
  const store = await SqliteAuditStore.open({ dataDir })
  for (let day = 1; day < 10; day += 1) {
    store.append([exampleRecord({ at: new Date(Date.UTC(2026, 0, day)), trackingId: `t${day}` })])
  }
  await store.flush()
  await store.prune(new Date(Date.UTC(2026, 0, 4)))
  const head = await store.head()
  await store.close()
  const file = join(dataDir, 'audit.db')
  return {
    file,
    head,
    alter: (change) => {
      const database = new DatabaseSync(file)
      change(database)
      database.close()
    },
    verify: async (expectedHead) => {
      const log = AuditFile.open(file)
      try {
        return await log.verify(expectedHead && { expectedHead })
      } finally {
        await log.close()
      }
    },
  }
}

const run =
  (statement: string) =>
  (database: DatabaseSync): void =>
    database.exec(statement)

test('a log that nobody touched is whole', async (t) => {
  const { head, verify } = await createLog(t)
  assert.deepEqual(await verify(head), { count: 6, first: 4, head })
})

const changes: readonly (readonly [
  string,
  string,
  { readonly kind: string; readonly sequence: number; readonly explanation: RegExp },
])[] = [
  [
    'a changed record',
    `UPDATE record SET text = replace(text, 'succeeded', 'refused') WHERE sequence = 6`,
    { kind: 'changed', sequence: 6, explanation: /^Record 6 does not match its hash/ },
  ],
  [
    'a changed time',
    `UPDATE record SET text = replace(text, '2026-01-07', '2026-01-06') WHERE sequence = 7`,
    { kind: 'changed', sequence: 7, explanation: /^Record 7/ },
  ],
  [
    'a changed hash',
    `UPDATE record SET hash = '${'0'.repeat(64)}' WHERE sequence = 9`,
    { kind: 'changed', sequence: 9, explanation: /^Record 9/ },
  ],
  [
    'a deleted record',
    'DELETE FROM record WHERE sequence = 6',
    { kind: 'missing', sequence: 6, explanation: /^Record 6 is missing\.$/ },
  ],
  [
    'several deleted records',
    'DELETE FROM record WHERE sequence IN (5, 6, 7)',
    { kind: 'missing', sequence: 5, explanation: /^Records 5 to 7 are missing\.$/ },
  ],
  [
    'two records that changed places',
    `UPDATE record SET sequence = -1 WHERE sequence = 5;
     UPDATE record SET sequence = 5 WHERE sequence = 6;
     UPDATE record SET sequence = 6 WHERE sequence = -1`,
    { kind: 'misplaced', sequence: 5, explanation: /^What stands in the place of record 5/ },
  ],
  [
    'a record that took the place of a deleted one',
    'DELETE FROM record WHERE sequence = 5; UPDATE record SET sequence = sequence - 1 WHERE sequence > 5',
    { kind: 'misplaced', sequence: 5, explanation: /^What stands in the place of record 5/ },
  ],
  [
    'a deleted beginning',
    'DELETE FROM record WHERE sequence < 6',
    { kind: 'missing', sequence: 4, explanation: /^Records 4 to 5 are missing\.$/ },
  ],
  [
    'a changed hash of the anchor',
    `UPDATE anchor SET hash = '${'0'.repeat(64)}'`,
    { kind: 'anchor', sequence: 4, explanation: /^Record 4, the first one, does not follow from the anchor/ },
  ],
  [
    'an anchor that was set back',
    'UPDATE anchor SET sequence = 1',
    { kind: 'missing', sequence: 2, explanation: /^Records 2 to 3 are missing\.$/ },
  ],
  [
    'an anchor that was moved past records that are still there',
    'UPDATE anchor SET sequence = 6, hash = (SELECT hash FROM record WHERE sequence = 6)',
    { kind: 'anchor', sequence: 4, explanation: /^Record 4 stands before the anchor/ },
  ],
]

for (const [name, statement, expected] of changes) {
  test(`${name} is found and named`, async (t) => {
    const { alter, verify } = await createLog(t)
    alter(run(statement))
    const { broken } = await verify()
    assert.deepEqual([broken?.kind, broken?.sequence], [expected.kind, expected.sequence])
    assert.match(broken?.explanation ?? '', expected.explanation)
  })
}

test('an end that was cut off is found by a head that was noted before, and by nothing else', async (t) => {
  const { head, alter, verify } = await createLog(t)
  alter(run('DELETE FROM record WHERE sequence > 7'))
  assert.equal((await verify()).broken, undefined)
  const { broken } = await verify(head)
  assert.deepEqual([broken?.kind, broken?.sequence], ['cutOff', 8])
  assert.match(broken?.explanation ?? '', /^The log ends at record 7, but it had 9/)
})

test('an end that was written anew is found by a head that was noted before, and by nothing else', async (t) => {
  const { head, alter, verify } = await createLog(t)
  alter((database) => {
    let previous = String(database.prepare('SELECT hash FROM record WHERE sequence = 5').get()?.['hash'])
    for (const row of database
      .prepare('SELECT sequence, text FROM record WHERE sequence > 5 ORDER BY sequence')
      .all()) {
      const text = String(row['text']).replace('succeeded', 'refused')
      previous = chainHash(previous, text)
      database
        .prepare('UPDATE record SET text = ?, hash = ? WHERE sequence = ?')
        .run(text, previous, Number(row['sequence']))
    }
  })
  assert.equal((await verify()).broken, undefined)
  const { broken } = await verify(head)
  assert.deepEqual([broken?.kind, broken?.sequence], ['otherHead', 9])
})

test('before anything was deleted, a changed first record and a changed anchor are told apart', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'postern-tampering-'))
  t.after(() => rm(dataDir, { recursive: true }))
  const store = await SqliteAuditStore.open({ dataDir })
  t.after(() => store.close())
  store.append([exampleRecord()])
  await store.flush()
  const other = new DatabaseSync(join(dataDir, 'audit.db'))
  t.after(() => other.close())
  other.exec(`UPDATE record SET text = replace(text, 'succeeded', 'refused')`)
  assert.equal((await store.verify()).broken?.kind, 'changed')
  other.exec(`UPDATE record SET text = replace(text, 'refused', 'succeeded'); UPDATE anchor SET hash = 'x'`)
  const { broken } = await store.verify()
  assert.deepEqual(
    [broken?.kind, broken?.explanation],
    ['anchor', 'The anchor was changed, though no record was deleted yet.'],
  )
})

test('records that are deleted at the end while the relay runs leave a gap', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'postern-tampering-'))
  t.after(() => rm(dataDir, { recursive: true }))
  const store = await SqliteAuditStore.open({ dataDir })
  t.after(() => store.close())
  store.append([exampleRecord(), exampleRecord()])
  await store.flush()
  const other = new DatabaseSync(join(dataDir, 'audit.db'))
  other.exec('DELETE FROM record WHERE sequence = 2')
  other.close()
  store.append([exampleRecord()])
  await store.flush()
  assert.deepEqual((await store.verify()).broken?.sequence, 2)
})

test('what is asked for cannot be changed apart from the text that the hash covers', async (t) => {
  const { alter } = await createLog(t)
  alter((database) => {
    for (const column of ['at', 'kind', 'principal', 'scope', 'result']) {
      assert.throws(() => database.exec(`UPDATE record SET ${column} = 'x'`), /generated column/)
    }
  })
})
