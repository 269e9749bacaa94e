import { parentPort, workerData } from 'node:worker_threads'
import { openAuditDatabase } from './audit-database.ts'
import type { AuditAnswer, AuditCall, AuditWorkerData } from './audit-messages.ts'
import { AuditTable } from './audit-table.ts'
import { type ServedDatabase, serveDatabase } from './serve-database.ts'

// The worker thread of the audit store. The folder is locked by the resource store.
if (parentPort) serveDatabase(parentPort, () => openAudit(workerData as AuditWorkerData))

function openAudit({ databaseFile }: AuditWorkerData): ServedDatabase<AuditCall, AuditAnswer> {
  const database = openAuditDatabase(databaseFile)
  const table = new AuditTable(database)
  return { batch: (calls) => table.batch(calls), close: () => database.close() }
}
