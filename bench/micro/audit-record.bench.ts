import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '@postern/program'
import { bench, group, run } from 'mitata'
import { AuditTrail } from '../../packages/server/src/audit/audit-trail.ts'
import type { AuditRecord } from '../../packages/server/src/domain/audit-record.ts'
import { SqliteAuditStore } from '../../packages/server/src/storage/sqlite/sqlite-audit-store.ts'

/** What a relayed connection leaves; a request leaves the same. */
function streamRecord(): AuditRecord {
  return {
    kind: 'stream',
    at: new Date(),
    trackingId: '918ffc54-ff91-44fa-80f0-cbfb90ba4317_G0',
    principal: 'rule:namespace/RootManageSharedAccessKey',
    action: 'connect',
    scope:
      '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/postern/providers/Microsoft.Relay/namespaces/local/hybridConnections/db',
    result: 'succeeded',
    source: '192.0.2.1:4711',
    stream: {
      listener: 'b2f1f3a0-6c3c-4b52-9a7e-0c8c8f6f6f11',
      target: 'db.corp:5432',
      bytesFromSender: 123_456,
      bytesFromListener: 7_890_123,
      durationMs: 45_678,
      closeReason: 'sender: CLOSE 1000',
    },
  }
}

const dataDir = mkdtempSync(join(tmpdir(), 'postern-bench-audit-'))
// A synchronous loop leaves the writer no time: the queue must hold all that it makes.
const store = await SqliteAuditStore.open({ dataDir, maxWaiting: 10_000_000 })
const trail = new AuditTrail({ store, log: silentLogger, retentionMs: 86_400_000, maxBytes: Number.MAX_SAFE_INTEGER })
await trail.flush()

group('audit', () => {
  bench('wait until one record is on the disk', async () => {
    trail.record(streamRecord())
    await trail.flush()
  })
  bench('record, on the data path', () => trail.record(streamRecord()))
})
await run()

const waiting = store.counts.written
const beganMs = performance.now()
await trail.flush()
const count = store.counts.written - waiting
console.log(`${Math.round(count / ((performance.now() - beganMs) / 1000))} records a second reach the disk (${count})`)
await trail.close()
rmSync(dataDir, { recursive: true })
