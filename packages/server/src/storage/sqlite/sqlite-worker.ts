import { closeSync, existsSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { DocumentTable } from './document-table.ts'
import { migrate } from './migrations.ts'
import type { SqliteProblem, SqliteReply, SqliteRequest, SqliteWorkerData } from './sqlite-messages.ts'

// The worker thread: opens the database, then answers one batch after the other. It imports nothing but Node's own
// modules and its neighbours, so that it runs alike from source and from dist, whatever conditions the program has.

class OpenProblem extends Error {
  readonly reason: SqliteProblem['reason']

  constructor(reason: SqliteProblem['reason'], message = '') {
    super(message)
    this.reason = reason
  }
}

/** Marks a database file as ours ("PSTN"), so that a wrong path does not fill somebody else's with our tables. */
const applicationId = 0x5053544e

if (parentPort) run(parentPort, workerData as SqliteWorkerData)

function run(port: MessagePort, data: SqliteWorkerData): void {
  const reply = (message: SqliteReply): void => port.postMessage(message)
  let lock: DatabaseSync | undefined
  let database: DatabaseSync | undefined
  try {
    lock = takeLock(data.lockFile)
    database = openDatabase(data)
  } catch (error) {
    reply({ kind: 'problem', problem: describe(error) })
    database?.close()
    lock?.close()
    port.close()
    return
  }
  const table = new DocumentTable(database)
  port.on('message', (request: SqliteRequest) => {
    if (request.kind === 'close') {
      database.close()
      lock.close()
      reply({ kind: 'closed' })
      port.close()
      return
    }
    try {
      reply({ kind: 'answers', answers: table.batch(request.calls) })
    } catch (error) {
      reply({ kind: 'problem', problem: describe(error) })
    }
  })
  reply({ kind: 'open' })
}

/**
 * Holds an exclusive lock for as long as the process lives; the system lets go of it also after kill -9. It is on a
 * database of its own, so that a backup may read the real one meanwhile.
 */
function takeLock(file: string): DatabaseSync {
  const lock = new DatabaseSync(createFile(file), { timeout: 0 })
  try {
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return lock
  } catch (error) {
    lock.close()
    throw isBusy(error) ? new OpenProblem('locked') : error
  }
}

function openDatabase({ databaseFile, masterKeyId }: SqliteWorkerData): DatabaseSync {
  const database = new DatabaseSync(createFile(databaseFile), { timeout: busyTimeoutMs })
  try {
    claim(database)
    // FULL: a commit is on the disk before it is answered. WAL alone may lose the last commits when power goes.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    if (migrate(database) === 'newer') throw new OpenProblem('newer')
    checkMasterKey(database, masterKeyId)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** A backup that reads may hold a checkpoint up for a moment. */
const busyTimeoutMs = 5_000

function claim(database: DatabaseSync): void {
  const found = Number(database.prepare('PRAGMA application_id').get()?.['application_id'])
  if (found === applicationId) return
  const isEmpty = database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined
  if (found !== 0 || !isEmpty) throw new OpenProblem('foreign')
  database.exec(`PRAGMA application_id = ${applicationId}`)
}

function checkMasterKey(database: DatabaseSync, masterKeyId: string): void {
  database.prepare("INSERT OR IGNORE INTO setting VALUES ('masterKeyId', ?)").run(masterKeyId)
  const needed = String(database.prepare("SELECT value FROM setting WHERE name = 'masterKeyId'").get()?.['value'])
  if (needed !== masterKeyId) throw new OpenProblem('masterKey', needed)
}

/** Sets the mode before SQLite opens it, which gives the files beside it (-wal, -shm) the same. */
function createFile(file: string): string {
  // An existing file must not even be opened: closing it would drop every lock that this process has on it.
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600))
  return file
}

function describe(error: unknown): SqliteProblem {
  if (error instanceof OpenProblem) return { reason: error.reason, message: error.message }
  return { reason: 'failed', message: error instanceof Error ? error.message : String(error) }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy
}

/** SQLITE_BUSY, https://sqlite.org/rescode.html */
const sqliteBusy = 5
