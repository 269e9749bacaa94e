import type { DatabaseSync } from 'node:sqlite'

/** Does everything in one transaction, or nothing of it. `IMMEDIATE` for writing, `DEFERRED` to read one state. */
export function inTransaction<Result>(
  database: DatabaseSync,
  mode: 'IMMEDIATE' | 'DEFERRED',
  work: () => Result,
): Result {
  database.exec(`BEGIN ${mode}`)
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    // A full disk may have rolled back already.
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}
