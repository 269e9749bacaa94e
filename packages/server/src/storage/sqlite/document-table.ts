import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { conditionHolds } from '../condition-holds.ts'
import type { SqliteAnswer, SqliteCall, SqliteRow } from './sqlite-messages.ts'

/** The documents in an open SQLite database; runs in the worker thread. */
export class DocumentTable {
  readonly #database: DatabaseSync
  readonly #list: StatementSync
  readonly #get: StatementSync
  readonly #put: StatementSync
  readonly #delete: StatementSync
  readonly #under: StatementSync
  readonly #readRevision: StatementSync
  readonly #writeRevision: StatementSync

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#list = database.prepare('SELECT key, revision, body FROM document ORDER BY key')
    this.#get = database.prepare('SELECT key, revision, body FROM document WHERE key = ?')
    this.#put = database.prepare(
      `INSERT INTO document (key, revision, body) VALUES (?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET revision = excluded.revision, body = excluded.body`,
    )
    this.#delete = database.prepare('DELETE FROM document WHERE key = ?')
    // Not LIKE: names may hold its wild cards.
    this.#under = database.prepare(
      'SELECT key, revision, body FROM document WHERE key > ?1 AND substr(key, 1, length(?1)) = ?1 ORDER BY key',
    )
    this.#readRevision = database.prepare("SELECT value FROM setting WHERE name = 'revision'")
    this.#writeRevision = database.prepare("UPDATE setting SET value = ? WHERE name = 'revision'")
  }

  /** Does all calls in one transaction, or none of them. A write whose condition fails stops no other. */
  batch(calls: readonly SqliteCall[]): SqliteAnswer[] {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      let revision = Number(this.#readRevision.get()?.['value'])
      const nextRevision = (): number => ++revision
      const answers = calls.map((call) => this.#answer(call, nextRevision))
      this.#writeRevision.run(revision)
      this.#database.exec('COMMIT')
      return answers
    } catch (error) {
      // A full disk may have rolled back already.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }

  #answer(call: SqliteCall, nextRevision: () => number): SqliteAnswer {
    switch (call.kind) {
      case 'list':
        return { kind: 'rows', rows: this.#list.all().map(toRow) }
      case 'get':
        return { kind: 'rows', rows: this.#get.all(call.key).map(toRow) }
      case 'put':
        return this.#answerPut(call, nextRevision)
      case 'delete':
        return this.#answerDelete(call)
      case 'integrityCheck':
        return { kind: 'complaints', complaints: this.#complaints() }
    }
  }

  #answerPut(call: SqliteCall & { readonly kind: 'put' }, nextRevision: () => number): SqliteAnswer {
    const [previous] = this.#get.all(call.key).map(toRow)
    if (!conditionHolds(call.condition, previous?.revision)) return { kind: 'conditionFailed' }
    const revision = nextRevision()
    this.#put.run(call.key, revision, call.body)
    const row: SqliteRow = { key: call.key, revision: String(revision), body: call.body }
    return { kind: 'put', row, ...(previous && { previous }) }
  }

  #answerDelete(call: SqliteCall & { readonly kind: 'delete' }): SqliteAnswer {
    const [standing] = this.#get.all(call.key).map(toRow)
    if (!conditionHolds(call.condition, standing?.revision)) return { kind: 'conditionFailed' }
    if (!standing) return { kind: 'deleted', rows: [] }
    const rows = call.under === undefined ? [] : this.#under.all(call.under).map(toRow)
    rows.push(standing)
    for (const { key } of rows) this.#delete.run(key)
    return { kind: 'deleted', rows }
  }

  #complaints(): string[] {
    const found = this.#database.prepare('PRAGMA integrity_check').all()
    return found.map((row) => String(row['integrity_check'])).filter((text) => text !== 'ok')
  }
}

function toRow(row: Record<string, unknown>): SqliteRow {
  return { key: String(row['key']), revision: String(row['revision']), body: String(row['body']) }
}
