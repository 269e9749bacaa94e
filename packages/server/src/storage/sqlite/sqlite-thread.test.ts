import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { isRelayError } from '@postern/protocol'
import type { DocumentAnswer, DocumentCall } from './document-messages.ts'
import { SqliteThread } from './sqlite-thread.ts'

test('all writes of one turn share one transaction, those that come meanwhile the next one', async (t) => {
  const transactions: number[] = []
  const thread = await startThread(t, (answers) => transactions.push(answers.length))
  const first = Array.from({ length: 100 }, (_, index) => thread.call(put(`a${index}`)))
  await Promise.resolve()
  first.push(thread.call(put('later in the same turn')))
  await new Promise(setImmediate)
  const second = Array.from({ length: 50 }, (_, index) => thread.call(put(`b${index}`)))
  await Promise.all([...first, ...second])
  assert.deepEqual(transactions, [101, 50])
})

test('a transaction that fails does none of its calls, and the next one goes on', async (t) => {
  const thread = await startThread(t)
  const outcomes = await Promise.allSettled([thread.call(put('a')), thread.call(impossiblePut), thread.call(put('b'))])
  for (const outcome of outcomes) {
    assert.ok(outcome.status === 'rejected' && isRelayError(outcome.reason, 'InternalError'))
  }
  assert.deepEqual(await thread.call({ kind: 'list' }), { kind: 'rows', rows: [] })
  await thread.call(put('c'))
  assert.deepEqual(await thread.call({ kind: 'get', key: 'c' }), {
    kind: 'rows',
    rows: [{ key: 'c', revision: '1', body: '{}' }],
  })
})

test('calls see the writes made before them in the same turn', async (t) => {
  const thread = await startThread(t)
  const [, read] = await Promise.all([thread.call(put('a')), thread.call({ kind: 'get', key: 'a' })])
  assert.equal(read.kind === 'rows' && read.rows.length, 1)
})

test('closing does the calls that wait, and refuses later ones', async (t) => {
  const committed: number[] = []
  const thread = await startThread(t, (answers) => committed.push(answers.length))
  const waiting = thread.call(put('a'))
  const closed = thread.close()
  await assert.rejects(thread.call(put('b')), (error) => isRelayError(error, 'InternalError'))
  await Promise.all([waiting, closed])
  assert.deepEqual(committed, [1])
  await thread.close()
})

async function startThread(
  t: TestContext,
  onCommit?: (answers: readonly DocumentAnswer[]) => void,
): Promise<SqliteThread<DocumentCall, DocumentAnswer>> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-thread-'))
  t.after(() => rm(folder, { recursive: true }))
  const files = { databaseFile: join(folder, 'test.db'), lockFile: join(folder, 'test.lock') }
  const thread = await SqliteThread.start<DocumentCall, DocumentAnswer>({
    worker: 'document-worker',
    data: { ...files, masterKeyId: '01234567' },
    name: 'The store',
    ...(onCommit && { onCommit }),
  })
  assert.ok(thread instanceof SqliteThread)
  t.after(() => thread.close())
  return thread
}

function put(key: string): DocumentCall {
  return { kind: 'put', key, body: '{}', condition: 'any' }
}

/** SQLite refuses it: the body may not be NULL. */
const impossiblePut = { kind: 'put', key: 'x', body: null, condition: 'any' } as unknown as DocumentCall
