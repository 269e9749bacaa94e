import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Logger, silentLogger } from '@postern/program'
import type { AuditRecord } from '../domain/audit-record.ts'
import { exampleRecord } from '../storage/audit-store.contract.ts'
import { MemoryAuditStore } from '../storage/memory/memory-audit-store.ts'
import { AuditTrail } from './audit-trail.ts'

const dayMs = 86_400_000

interface Started {
  readonly trail: AuditTrail
  readonly store: MemoryAuditStore
  readonly lines: { event: string; fields: Record<string, unknown> }[]
  /** Lets the work that a timer began go on. */
  readonly settle: () => Promise<void>
}

function start(t: TestContext, records: readonly AuditRecord[] = [], maxBytes = 1e9): Started {
  t.mock.timers.enable({ apis: ['setInterval', 'Date'], now: Date.UTC(2026, 0, 10) })
  const store = new MemoryAuditStore()
  store.append(records)
  const lines: Started['lines'] = []
  const info: Logger['info'] = (event, fields = {}) => void lines.push({ event, fields })
  const trail = new AuditTrail({ store, log: { ...silentLogger, info }, retentionMs: 2 * dayMs, maxBytes })
  const settle = (): Promise<void> => new Promise(setImmediate)
  return { trail, store, lines, settle }
}

test('the head of the chain is logged at the start, every hour and at the end', async (t) => {
  const { trail, store, lines, settle } = start(t)
  await settle()
  assert.deepEqual(lines, [{ event: 'audit.head', fields: { sequence: 0, hash: '0'.repeat(64) } }])
  trail.record(exampleRecord({ at: new Date() }))
  t.mock.timers.tick(3_600_000)
  await settle()
  assert.deepEqual(lines[1], { event: 'audit.head', fields: { ...(await store.head()) } })
  trail.record(exampleRecord({ at: new Date() }))
  const head = await store.head()
  await trail.close()
  await trail.close()
  assert.deepEqual(lines.slice(2), [{ event: 'audit.head', fields: { ...head } }])
  t.mock.timers.tick(36_000_000)
  await settle()
  assert.equal(lines.length, 3)
})

test('records older than the retention are deleted at the start and every hour, and a record says so', async (t) => {
  const at = (dayOfMonth: number): AuditRecord => exampleRecord({ at: new Date(Date.UTC(2026, 0, dayOfMonth)) })
  const { trail, settle } = start(t, [at(7), at(8), at(9)])
  await settle()
  const reasons = async (): Promise<unknown[]> =>
    (await trail.query({ limit: 10 })).map(({ sequence, record }) => [sequence, record.kind, record.reason])
  assert.deepEqual(await reasons(), [
    [4, 'audit', '1 records before 2026-01-08T00:00:00.000Z were deleted'],
    [3, 'management', undefined],
    [2, 'management', undefined],
  ])
  t.mock.timers.tick(3_600_000)
  await settle()
  assert.equal((await reasons()).length, 3)
  await trail.close()
})

test('a log that takes too much loses its oldest records, at the start and whenever many came, and a record says so', async (t) => {
  const records = (count: number): AuditRecord[] =>
    Array.from({ length: count }, () => exampleRecord({ at: new Date() }))
  const { trail, store, settle } = start(t, records(100), 20_000)
  await settle()
  const deletions = async (): Promise<unknown[]> =>
    (await trail.query({ limit: 10, kinds: ['audit'] })).map(({ record }) => record.reason)
  const [first, ...none] = await deletions()
  assert.match(String(first), /^the \d\d oldest records were deleted: all took more than 20000B$/)
  assert.deepEqual(none, [])
  for (const record of records(9_999 + 3)) trail.record(record)
  await settle()
  assert.equal((await deletions()).length, 1, 'the one before was among the oldest')
  const { count, broken } = await store.verify()
  assert.ok(count > 10 && count < 100, `${count} are left`)
  assert.equal(broken, undefined)
})

test('what strangers wrote is cut, and cleaned of control characters and tokens', async (t) => {
  const { trail, settle } = start(t)
  await settle()
  const evil = `a\u001b[2J\r\nb\u0000${'x'.repeat(5000)}`
  const token = 'SharedAccessSignature sr=x&sig=c2VjcmV0&se=1&skn=root'
  trail.record({
    ...exampleRecord({ trackingId: evil, principal: evil, action: evil, scope: evil, reason: `${token} ${evil}` }),
    kind: 'stream',
    stream: {
      listener: evil,
      bytesFromSender: 1,
      bytesFromListener: 2,
      durationMs: 3,
      closeReason: `sender: CLOSE 1000 https://h/?sb-hc-token=c2VjcmV0`,
    },
  })
  const [{ record } = assert.fail()] = await trail.query({ limit: 1 })
  const text = JSON.stringify(record)
  assert.ok(text.length < 4000, `${text.length}`)
  assert.doesNotMatch(text, /\\u00|\\r|\\n|c2VjcmV0/)
  assert.match(record.principal, /^a \[2J b x+$/)
  assert.ok(record.scope.length > 1000, 'an ARM id may be long')
  assert.match(record.stream?.closeReason ?? '', /^sender: CLOSE 1000 https:\/\/h\/\?sb-hc-token=\[secret\]$/)
})

test('without a store nothing is recorded, and everything else works', async () => {
  const trail = new AuditTrail({ log: silentLogger, retentionMs: dayMs, maxBytes: 1e6 })
  trail.record(exampleRecord())
  await trail.flush()
  assert.deepEqual(await trail.query({ limit: 1 }), [])
  assert.deepEqual(trail.counts, { written: 0, lost: 0 })
  await trail.close()
})
