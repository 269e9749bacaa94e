import type { DatabaseSync } from 'node:sqlite'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { DocumentTable } from './document-table.ts'
import { OpenProblem, openDatabase, takeLock } from './open-database.ts'
import type { SqliteProblem, SqliteReply, SqliteRequest, SqliteWorkerData } from './sqlite-messages.ts'

// The worker thread: opens the database, then answers one batch after the other. It imports nothing but Node's own
// modules and its neighbours, so that it runs alike from source and from dist, whatever conditions the program has.
if (parentPort) run(parentPort, workerData as SqliteWorkerData)

function run(port: MessagePort, data: SqliteWorkerData): void {
  const reply = (message: SqliteReply): void => port.postMessage(message)
  let lock: DatabaseSync | undefined
  let database: DatabaseSync | undefined
  let table: DocumentTable
  try {
    lock = takeLock(data.lockFile)
    database = openDatabase(data)
    table = new DocumentTable(database)
  } catch (error) {
    reply({ kind: 'problem', problem: describe(error) })
    database?.close()
    lock?.close()
    port.close()
    return
  }
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

function describe(error: unknown): SqliteProblem {
  if (error instanceof OpenProblem) return { reason: error.reason, message: error.message }
  return { reason: 'failed', message: error instanceof Error ? error.message : String(error) }
}
