import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
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
  try {
    return openToRead(file)
  } catch (error) {
    // Readers too write beside the file, to agree with a writer; where they may not, a copy without writer is read as it is.
    if (!isReadOnly(error) || existsSync(`${file}-wal`)) throw error
    return openToRead(new URL(`${pathToFileURL(file).href}?immutable=1`))
  }
}

function openToRead(file: string | URL): DatabaseSync {
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

/** SQLITE_READONLY and SQLITE_CANTOPEN, https://sqlite.org/rescode.html */
function isReadOnly(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && [8, 14].includes(Number(error.errcode) & 0xff)
}
