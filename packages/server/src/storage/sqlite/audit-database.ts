import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { auditMigrations } from './migrations.ts'
import { OpenProblem, openDatabase } from './open-database.ts'

/** Name of the audit database in the data folder. */
export const auditDatabaseName = 'audit.db'

/** "PSTA" */
const applicationId = 0x50535441

/** Opens the audit database to write it, making what is missing. @throws {OpenProblem} */
export function openAuditDatabase(file: string): DatabaseSync {
  return openDatabase({ file, applicationId, migrations: auditMigrations })
}

/** Opens it to read alone, also while a relay writes it. @throws {OpenProblem} */
export function openAuditDatabaseToRead(file: string): DatabaseSync {
  if (!existsSync(file)) throw new OpenProblem('failed', 'there is no such file')
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    if (readPragma(database, 'application_id') !== applicationId) throw new OpenProblem('foreign')
    if (readPragma(database, 'user_version') > auditMigrations.length) throw new OpenProblem('newer')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function readPragma(database: DatabaseSync, name: 'application_id' | 'user_version'): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name])
}
