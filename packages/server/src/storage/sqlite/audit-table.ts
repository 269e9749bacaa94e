import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type ChainPosition, nextLink } from '../audit-chain.ts'
import type { AuditAnswer, AuditCall } from './audit-messages.ts'
import { AuditRows } from './audit-rows.ts'
import { inTransaction } from './transaction.ts'

/** Records that are deleted at once at least: pages become free by the dozen. */
const minShrunk = 100

/** The audit records in an open database; runs in the worker thread. */
export class AuditTable {
  readonly #database: DatabaseSync
  readonly #rows: AuditRows
  readonly #insert: StatementSync
  readonly #oldest: StatementSync
  readonly #at: StatementSync
  readonly #delete: StatementSync
  readonly #moveAnchor: StatementSync
  /** Not read again: a record that somebody deletes at the end leaves a gap, instead of being replaced unseen. */
  #head: ChainPosition

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#rows = new AuditRows(database)
    this.#insert = database.prepare('INSERT INTO record (sequence, hash, text) VALUES (?, ?, ?)')
    this.#oldest = database.prepare('SELECT sequence, hash, at FROM record ORDER BY sequence LIMIT ?')
    this.#at = database.prepare('SELECT sequence, hash FROM record WHERE sequence = ?')
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
      case 'shrink':
        return { kind: 'pruned', count: this.#shrink(call.maxBytes, call.limit) }
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
    if (last) this.#deleteUpTo(last)
    return count
  }

  /** Deletes about as many as are too many, by what one takes on average; the caller asks until there are none. */
  #shrink(maxBytes: number, limit: number): number {
    const used = this.#usedBytes()
    const { anchor } = this.#rows.bounds()
    const kept = this.#head.sequence - anchor.sequence
    if (used <= maxBytes || kept === 0) return 0
    const surplus = Math.ceil(kept * (1 - maxBytes / used))
    const count = Math.min(Math.max(surplus, minShrunk), limit, kept)
    const row = this.#at.get(anchor.sequence + count)
    // Somebody has taken records out: what remains is for the verification to tell.
    if (!row) return 0
    this.#deleteUpTo({ sequence: Number(row['sequence']), hash: String(row['hash']) })
    return count
  }

  /** Pages in use; those that are free wait for new records. */
  #usedBytes(): number {
    const read = (pragma: string): number => Number(Object.values(this.#database.prepare(pragma).get() ?? {})[0])
    return (read('PRAGMA page_count') - read('PRAGMA freelist_count')) * read('PRAGMA page_size')
  }

  #deleteUpTo({ sequence, hash }: ChainPosition): void {
    this.#delete.run(sequence)
    this.#moveAnchor.run(sequence, hash)
  }
}
