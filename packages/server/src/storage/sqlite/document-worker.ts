import type { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { openDocumentDatabase, readMasterKeyId, writeMasterKeyId } from './document-database.ts'
import type { DocumentAnswer, DocumentCall, DocumentWorkerData } from './document-messages.ts'
import { DocumentTable } from './document-table.ts'
import { OpenProblem, takeLock } from './open-database.ts'
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
    database = openDocumentDatabase(data.databaseFile)
    checkMasterKey(database, data.masterKeyId)
    const table = new DocumentTable(database)
    return { batch: (calls) => table.batch(calls), close }
  } catch (error) {
    close()
    throw error
  }
}

function checkMasterKey(database: DatabaseSync, masterKeyId: string): void {
  const needed = readMasterKeyId(database)
  if (needed === undefined) writeMasterKeyId(database, masterKeyId)
  else if (needed !== masterKeyId) throw new OpenProblem('masterKey', needed)
}
