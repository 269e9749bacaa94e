import type { MessagePort } from 'node:worker_threads'
import { OpenProblem } from './open-database.ts'
import type { SqliteProblem, SqliteReply, SqliteRequest } from './sqlite-messages.ts'

/** An open database as a worker thread serves it. */
export interface ServedDatabase<Call, Answer> {
  /** Does all calls in one transaction, or none of them. */
  batch(calls: readonly Call[]): readonly Answer[]
  close(): void
}

/**
 * The life of a worker thread: opens its database, then answers one batch after the other. Nothing that a worker needs is
 * imported but Node's own modules and relative neighbours, so that it runs alike from source and from dist, whatever
 * conditions the program has.
 *
 * @param open leaves nothing open when it throws
 */
export function serveDatabase<Call, Answer>(port: MessagePort, open: () => ServedDatabase<Call, Answer>): void {
  const reply = (message: SqliteReply<Answer>): void => port.postMessage(message)
  let database: ServedDatabase<Call, Answer>
  try {
    database = open()
  } catch (error) {
    reply({ kind: 'problem', problem: describe(error) })
    port.close()
    return
  }
  port.on('message', (request: SqliteRequest<Call>) => {
    if (request.kind === 'close') {
      database.close()
      reply({ kind: 'closed' })
      port.close()
      return
    }
    try {
      reply({ kind: 'answers', answers: database.batch(request.calls) })
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
