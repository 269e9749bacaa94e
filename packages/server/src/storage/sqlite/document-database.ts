import type { DatabaseSync } from 'node:sqlite'
import { documentMigrations } from './migrations.ts'
import { openDatabase } from './open-database.ts'

/** Names in the data folder: the database of documents, and what keeps a second process out. */
export const documentDatabaseName = 'postern.db'
export const lockName = 'postern.lock'

/** "PSTN" */
const applicationId = 0x5053544e

/** Opens the database of documents, making what is missing. @throws {OpenProblem} */
export function openDocumentDatabase(file: string): DatabaseSync {
  return openDatabase({ file, applicationId, migrations: documentMigrations })
}

/** Id of the master key that opens the documents; undefined when nobody has claimed the database yet. */
export function readMasterKeyId(database: DatabaseSync): string | undefined {
  const id = database.prepare("SELECT value FROM setting WHERE name = 'masterKeyId'").get()?.['value']
  return id === undefined ? undefined : String(id)
}

export function writeMasterKeyId(database: DatabaseSync, id: string): void {
  database.prepare("INSERT OR REPLACE INTO setting VALUES ('masterKeyId', ?)").run(id)
}
