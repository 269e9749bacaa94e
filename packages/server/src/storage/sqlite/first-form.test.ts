import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { Secret } from '@postern/program'
import { openNetworkAccess } from '../../domain/network-access.ts'
import { defaultPlacement } from '../../domain/resource-placement.ts'
import { rulesOf } from '../resource-store.ts'
import { SqliteStore } from './sqlite-store.ts'

// What release 0.1 left on a disk, as SQLite dumps it: never to be edited.
const masterKey = new Secret('AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=')
const dump = `
PRAGMA application_id = 1347638350;
PRAGMA user_version = 1;
CREATE TABLE document (
     key TEXT PRIMARY KEY NOT NULL,
     revision INTEGER NOT NULL,
     body TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
CREATE TABLE setting (
     name TEXT PRIMARY KEY NOT NULL,
     value ANY NOT NULL
   ) STRICT, WITHOUT ROWID;
INSERT INTO setting VALUES ('masterKeyId', '72cd6e84');
INSERT INTO setting VALUES ('revision', 3);
INSERT INTO document VALUES ('hc/local/bare', 3, '{"kind":"hybridConnection","origin":"managed","value":{"namespace":"local","name":"bare","requiresClientAuthorization":false,"createdAt":"2026-01-02T03:04:05.006Z","updatedAt":"2026-01-02T03:04:05.007Z","rules":[]}}');
INSERT INTO document VALUES ('hc/local/sub/db', 2, '{"kind":"hybridConnection","origin":"managed","value":{"namespace":"Local","name":"sub/DB","requiresClientAuthorization":true,"userMetadata":"[]","httpResponseTimeoutMs":1500,"maxListeners":3,"createdAt":"2026-01-02T03:04:05.006Z","updatedAt":"2026-01-02T03:04:05.007Z","rules":[{"name":"listener","rights":["Listen"],"primaryKey":"v1.72cd6e84.oMfT9NzZb6VOqsHf.uZEIO-wBd0khjX_Pcj2nUym3pK8rbMrnfLn-gaHPO05IUnU","secondaryKey":"v1.72cd6e84.O1aYzvNSi7QbWtyR.HMWma-Tfm9LseeU4ElR_h9MlemezI165XdJztnl1iwKGFtI-aw"}]}}');
INSERT INTO document VALUES ('ns/local', 1, '{"kind":"namespace","origin":"declared","value":{"name":"Local","hosts":["relay.example.test"],"isDefault":true,"createdAt":"2026-01-02T03:04:05.006Z","updatedAt":"2026-01-02T03:04:05.007Z","rules":[{"name":"root","rights":["Listen","Send","Manage"],"primaryKey":"v1.72cd6e84.EQyzCYHk4U2Mi08s.cpdQKFOsSRlZ7Z34eXaDpJ6AiwFmPRdJaoUEJ50n9A","secondaryKey":"v1.72cd6e84.tJafQ-qvPr0bdD4d.HFouKbG-B8Gx3xoLzPYq0ImAaiDBDFVjg3kjWbwYxWHM"}]}}');
`

test('a database of the first form is read, with defaults for what it does not know', async (t) => {
  await withFirstForm(t, async (store) => {
    assert.deepEqual(await store.integrityCheck(), [])
    const [bare, db, local] = (await store.list()).map(({ document }) => document)
    const dates = { createdAt: new Date('2026-01-02T03:04:05.006Z'), updatedAt: new Date('2026-01-02T03:04:05.007Z') }
    assert.deepEqual(bare, {
      kind: 'hybridConnection',
      origin: 'managed',
      value: { namespace: 'local', name: 'bare', requiresClientAuthorization: false, rules: [], ...dates },
    })
    assert.ok(db?.kind === 'hybridConnection' && local?.kind === 'namespace')
    assert.deepEqual([db.value.name, db.value.httpResponseTimeoutMs, db.value.maxListeners], ['sub/DB', 1500, 3])
    const { rules, ...value } = local.value
    assert.deepEqual(value, {
      ...defaultPlacement,
      name: 'Local',
      hosts: ['relay.example.test'],
      isDefault: true,
      network: openNetworkAccess,
      privateEndpointConnections: [],
      ingress: [],
      ...dates,
    })
    const keys = [...rules, ...db.value.rules].flatMap((rule) => [rule.primaryKey.reveal(), rule.secondaryKey.reveal()])
    assert.deepEqual(keys, ['primary of root', 'secondary of root', 'primary of listener', 'secondary of listener'])
  })
})

test('a document of the first form is written in the form of today, with the next revision', async (t) => {
  const dataDir = await withFirstForm(t, async (store) => {
    const [, db] = await store.list()
    assert.equal((await store.put(db!.document, { revision: '2' })).revision, '4')
  })
  const database = new DatabaseSync(join(dataDir, 'postern.db'))
  const row = database.prepare("SELECT body FROM document WHERE key = 'hc/local/sub/db'").get()
  database.close()
  assert.match(String(row?.['body']), /"primaryKey":\{"sealed":"v1\./)
  const store = await SqliteStore.open({ dataDir, masterKey })
  t.after(() => store.close())
  const again = await store.get('hc/local/sub/db')
  assert.equal(rulesOf(again!.document)[0]?.primaryKey.reveal(), 'primary of listener')
})

test('a key of the first form that was put in the place of another is refused', async (t) => {
  const swapped = `${dump} UPDATE document SET body = json_set(body, '$.value.rules[0].primaryKey', body ->> '$.value.rules[0].secondaryKey') WHERE key = 'ns/local';`
  const expected = /ns\/local rule root primary key was altered/
  await withFirstForm(
    t,
    async (store) => {
      const local = await store.get('ns/local')
      assert.throws(() => rulesOf(local!.document)[0]?.primaryKey.reveal(), expected)
      assert.match((await store.integrityCheck()).join(), expected)
    },
    swapped,
  )
})

async function withFirstForm(t: TestContext, use: (store: SqliteStore) => Promise<void>, sql = dump): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'postern-first-'))
  t.after(() => rm(dataDir, { recursive: true }))
  const database = new DatabaseSync(join(dataDir, 'postern.db'))
  database.exec(sql)
  database.close()
  const store = await SqliteStore.open({ dataDir, masterKey })
  try {
    await use(store)
  } finally {
    await store.close()
  }
  return dataDir
}
