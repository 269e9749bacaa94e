import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type ChainPosition, nextLink } from '../audit-chain.ts'
import type { AuditAnswer, AuditCall } from './audit-messages.ts'
import { AuditRows } from './audit-rows.ts'
import { inTransaction } from './transaction.ts'

/** The audit records in an open database; runs in the worker thread. */
export class AuditTable {
  readonly #database: DatabaseSync
  readonly #rows: AuditRows
  readonly #insert: StatementSync
  readonly #oldest: StatementSync
  readonly #delete: StatementSync
  readonly #moveAnchor: StatementSync
  /** Not read again: a record that somebody deletes at the end leaves a gap, instead of being replaced unseen. */
  #head: ChainPosition

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#rows = new AuditRows(database)
    this.#insert = database.prepare('INSERT INTO record (sequence, hash, text) VALUES (?, ?, ?)')
    this.#oldest = database.prepare('SELECT sequence, hash, at FROM record ORDER BY sequence LIMIT ?')
    this.#delete = database.prepare('DELETE FROM record WHERE sequence <= ?')
    this.#moveAnchor = database.prepare('UPDATE anchor SET sequence = ?, hash = ?')
    this.#head = this.#rows.bounds().head
  }

  /** Does all calls in one transaction, or none of them. */
  batch(calls: readonly AuditCall[]): AuditAnswer[] {
    const head = this.#head
    try {
      return inTransaction(this.#database, 'IMMEDIATE', () => calls.map((call) => this.#answer(call)))
    } catch (error) {
      this.#head = head
      throw error
    }
  }

  #answer(call: AuditCall): AuditAnswer {
    switch (call.kind) {
      case 'append':
        for (const body of call.bodies) this.#append(body)
        return { kind: 'appended' }
      case 'bounds':
        return { kind: 'bounds', bounds: this.#rows.bounds() }
      case 'query':
        return { kind: 'links', links: this.#rows.query(call.question) }
      case 'page':
        return { kind: 'page', page: this.#rows.page(call.search) }
      case 'check':
        return { kind: 'checked', check: this.#rows.check(call.after, call.options) }
      case 'prune':
        return { kind: 'pruned', count: this.#prune(call.before, call.limit) }
    }
  }

  #append(body: string): void {
    const { sequence, hash, text } = nextLink(this.#head, body)
    this.#insert.run(sequence, hash, text)
    this.#head = { sequence, hash }
  }

  #prune(before: Date, limit: number): number {
    const end = before.toISOString()
    let last: ChainPosition | undefined
    let count = 0
    for (const row of this.#oldest.iterate(limit)) {
      if (String(row['at']) >= end) break
      last = { sequence: Number(row['sequence']), hash: String(row['hash']) }
      count += 1
    }
    if (!last) return 0
    this.#delete.run(last.sequence)
    this.#moveAnchor.run(last.sequence, last.hash)
    return count
  }
}
