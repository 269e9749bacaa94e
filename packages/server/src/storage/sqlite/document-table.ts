import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { conditionHolds } from '../condition-holds.ts'
import type { DocumentAnswer, DocumentCall, DocumentRow } from './document-messages.ts'
import { inTransaction } from './transaction.ts'

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
  batch(calls: readonly DocumentCall[]): DocumentAnswer[] {
    return inTransaction(this.#database, 'IMMEDIATE', () => {
      let revision = Number(this.#readRevision.get()?.['value'])
      const nextRevision = (): number => ++revision
      const answers = calls.map((call) => this.#answer(call, nextRevision))
      this.#writeRevision.run(revision)
      return answers
    })
  }

  #answer(call: DocumentCall, nextRevision: () => number): DocumentAnswer {
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

  #answerPut(call: DocumentCall & { readonly kind: 'put' }, nextRevision: () => number): DocumentAnswer {
    const [previous] = this.#get.all(call.key).map(toRow)
    if (!conditionHolds(call.condition, previous?.revision)) return { kind: 'conditionFailed' }
    const revision = nextRevision()
    this.#put.run(call.key, revision, call.body)
    const row: DocumentRow = { key: call.key, revision: String(revision), body: call.body }
    return { kind: 'put', row, ...(previous && { previous }) }
  }

  #answerDelete(call: DocumentCall & { readonly kind: 'delete' }): DocumentAnswer {
    const [standing] = this.#get.all(call.key).map(toRow)
    if (!conditionHolds(call.condition, standing?.revision)) return { kind: 'conditionFailed' }
    if (!standing) return { kind: 'deleted', rows: [] }
    const rows = (call.under ?? []).flatMap((prefix) => this.#under.all(prefix).map(toRow))
    rows.push(standing)
    for (const { key } of rows) this.#delete.run(key)
    return { kind: 'deleted', rows }
  }

  #complaints(): string[] {
    const found = this.#database.prepare('PRAGMA integrity_check').all()
    return found.map((row) => String(row['integrity_check'])).filter((text) => text !== 'ok')
  }
}

function toRow(row: Record<string, unknown>): DocumentRow {
  return { key: String(row['key']), revision: String(row['revision']), body: String(row['body']) }
}
