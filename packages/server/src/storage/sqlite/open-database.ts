import { closeSync, existsSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { migrate } from './migrations.ts'
import type { SqliteProblem } from './sqlite-messages.ts'

/** Why a database was not opened, other than by an error of SQLite. */
export class OpenProblem extends Error {
  readonly reason: SqliteProblem['reason']

  constructor(reason: SqliteProblem['reason'], message = '') {
    super(message)
    this.reason = reason
  }
}

/**
 * Holds an exclusive lock for as long as the process lives; the system lets go of it also after kill -9. It is on a
 * database of its own, so that a backup may read the real one meanwhile.
 */
export function takeLock(file: string): DatabaseSync {
  const lock = new DatabaseSync(createFile(file), { timeout: 0 })
  try {
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return lock
  } catch (error) {
    lock.close()
    throw isBusy(error) ? new OpenProblem('locked') : error
  }
}

/** Opens a database, migrated and claimed for us. @throws {OpenProblem} */
export function openDatabase(options: {
  readonly file: string
  /** Marks a file as ours, so that a wrong path does not fill somebody else's with our tables. */
  readonly applicationId: number
  readonly migrations: readonly string[]
}): DatabaseSync {
  const database = new DatabaseSync(createFile(options.file), { timeout: busyTimeoutMs })
  try {
    claim(database, options.applicationId)
    if (migrate(database, options.migrations) === 'newer') throw new OpenProblem('newer')
    // FULL: a commit is on the disk before it is answered. WAL alone may lose the last commits when power goes.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** A backup that reads may hold a checkpoint up for a moment. */
const busyTimeoutMs = 5_000

function claim(database: DatabaseSync, applicationId: number): void {
  const found = Number(database.prepare('PRAGMA application_id').get()?.['application_id'])
  if (found === applicationId) return
  const isEmpty = database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined
  if (found !== 0 || !isEmpty) throw new OpenProblem('foreign')
  database.exec(`PRAGMA application_id = ${applicationId}`)
}

/** Sets the mode before SQLite opens it, which gives the files beside it (-wal, -shm) the same. */
function createFile(file: string): string {
  // An existing file must not even be opened: closing it would drop every lock that this process has on it.
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600))
  return file
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy
}

/** SQLITE_BUSY, https://sqlite.org/rescode.html */
const sqliteBusy = 5
