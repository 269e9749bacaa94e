import type { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import type { DocumentAnswer, DocumentCall, DocumentWorkerData } from './document-messages.ts'
import { DocumentTable } from './document-table.ts'
import { documentMigrations } from './migrations.ts'
import { OpenProblem, openDatabase, takeLock } from './open-database.ts'
import { type ServedDatabase, serveDatabase } from './serve-database.ts'

// The worker thread of the resource store.
if (parentPort) serveDatabase(parentPort, () => openDocuments(workerData as DocumentWorkerData))

function openDocuments(data: DocumentWorkerData): ServedDatabase<DocumentCall, DocumentAnswer> {
  const lock = takeLock(data.lockFile)
  let database: DatabaseSync | undefined
  const close = (): void => {
    database?.close()
    lock.close()
  }
  try {
    // "PSTN"
    database = openDatabase({ file: data.databaseFile, applicationId: 0x5053544e, migrations: documentMigrations })
    checkMasterKey(database, data.masterKeyId)
    const table = new DocumentTable(database)
    return { batch: (calls) => table.batch(calls), close }
  } catch (error) {
    close()
    throw error
  }
}

function checkMasterKey(database: DatabaseSync, masterKeyId: string): void {
  database.prepare("INSERT OR IGNORE INTO setting VALUES ('masterKeyId', ?)").run(masterKeyId)
  const needed = String(database.prepare("SELECT value FROM setting WHERE name = 'masterKeyId'").get()?.['value'])
  if (needed !== masterKeyId) throw new OpenProblem('masterKey', needed)
}
