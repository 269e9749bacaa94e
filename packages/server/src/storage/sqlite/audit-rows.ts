import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type ChainCheck, type ChainLink, type ChainPosition, checkLinks } from '../audit-chain.ts'
import { fitsSearch } from '../audit-match.ts'
import { type AuditQuery, type AuditSearch, maxAuditPage, maxAuditScan } from '../audit-store.ts'
import type { ChainBounds, ChainCheckOptions } from '../verify-audit-chain.ts'

/** Texts of a page, not decoded yet. */
export interface LinkPage {
  readonly links: readonly ChainLink[]
  readonly next?: number
}

/** The records in an open audit database, as they are read; each method sees one state inside a transaction alone. */
export class AuditRows {
  readonly #database: DatabaseSync
  readonly #anchor: StatementSync
  readonly #first: StatementSync
  readonly #last: StatementSync
  readonly #behind: StatementSync

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#anchor = database.prepare('SELECT sequence, hash FROM anchor')
    this.#first = database.prepare('SELECT sequence FROM record ORDER BY sequence LIMIT 1')
    this.#last = database.prepare('SELECT sequence, hash FROM record ORDER BY sequence DESC LIMIT 1')
    this.#behind = database.prepare(
      'SELECT sequence, hash, text FROM record WHERE sequence > ? ORDER BY sequence LIMIT ?',
    )
  }

  bounds(): ChainBounds {
    const anchor = toPosition(this.#anchor.get() ?? {})
    const first = this.#first.get()?.['sequence']
    const last = this.#last.get()
    return {
      anchor,
      head: last ? toPosition(last) : anchor,
      ...(first !== undefined && { first: Number(first) }),
    }
  }

  check(after: ChainPosition, { limit, expectedHead }: ChainCheckOptions): ChainCheck {
    const anchor = toPosition(this.#anchor.get() ?? {})
    const begin = after.sequence < anchor.sequence ? anchor : after
    return checkLinks(begin, toLinks(this.#behind.iterate(begin.sequence, limit)), expectedHead)
  }

  query(question: AuditQuery): ChainLink[] {
    const { conditions, values } = select(question)
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
    const limit = Math.min(question.limit, maxAuditPage)
    const statement = this.#database.prepare(
      `SELECT sequence, hash, text FROM record ${where} ORDER BY at DESC, sequence DESC LIMIT ${Math.trunc(limit)}`,
    )
    return [...toLinks(statement.iterate(values))]
  }

  /** Walks an index that is in order of time, and looks at each record itself. */
  page(search: AuditSearch): LinkPage {
    const { from, to, before, principal, kinds } = search
    const { conditions, values } = select({
      limit: 0,
      ...(from && { from }),
      ...(to && { to }),
      ...(before !== undefined && { before }),
      ...(principal === undefined ? kinds?.length === 1 && { kinds } : { principal }),
    })
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
    const statement = this.#database.prepare(
      `SELECT sequence, hash, text FROM record ${where} ORDER BY at DESC, sequence DESC LIMIT ${maxAuditScan + 1}`,
    )
    const links: ChainLink[] = []
    const limit = Math.min(search.limit, maxAuditPage)
    let scanned = 0
    let last = 0
    for (const link of toLinks(statement.iterate(values))) {
      if (scanned === maxAuditScan || links.length === limit) return { links, next: last }
      if (fitsSearch(JSON.parse(link.text), search)) links.push(link)
      last = link.sequence
      scanned += 1
    }
    return { links }
  }
}

/**
 * The conditions of a question. One of them names the index to go by, the one that leaves least; `+` keeps SQLite, which
 * knows nothing of how many records there are of each kind, from choosing another one.
 */
function select(question: AuditQuery): {
  readonly conditions: readonly string[]
  readonly values: Record<string, string | number>
} {
  const { from, to, kinds, principal, scopePrefix, result, before } = question
  const conditions: string[] = []
  const values: Record<string, string | number> = {}
  const index = chooseIndex(question)
  const time = index === 'scope' ? '+at' : 'at'
  const add = (condition: string, named: Record<string, string | number>): void => {
    conditions.push(condition)
    Object.assign(values, named)
  }
  if (principal !== undefined) add('principal = :principal', { principal })
  if (scopePrefix !== undefined) {
    const scope = scopePrefix.replace(/\/+$/, '')
    const column = index === 'scope' ? 'scope' : '+scope COLLATE NOCASE'
    // The digit 0 follows the slash in ASCII: what is between them begins with the slash.
    add(`(${column} >= :scope AND ${column} < :scope || '0')`, { scope })
    add(`(+scope COLLATE NOCASE = :scope OR +scope COLLATE NOCASE >= :scope || '/')`, {})
  }
  if (kinds !== undefined) {
    const names = kinds.map((kind, at) => [`kind${at}`, kind] as const)
    const list = names.map(([name]) => `:${name}`).join(', ')
    add(`${index === 'kind' ? 'kind' : '+kind'} IN (${list})`, Object.fromEntries(names))
  }
  if (result !== undefined) add('result = :result', { result })
  if (from !== undefined) add(`${time} >= :from`, { from: from.toISOString() })
  if (to !== undefined) add(`${time} < :to`, { to: to.toISOString() })
  if (before !== undefined) {
    add(`(${time}, sequence) < ((SELECT at FROM record WHERE sequence = :before), :before)`, { before })
  }
  return { conditions, values }
}

function chooseIndex({ kinds, principal, scopePrefix }: AuditQuery): 'principal' | 'scope' | 'kind' | 'time' {
  if (principal !== undefined) return 'principal'
  // A subscription or resource group may well be all that there is.
  if (scopePrefix?.includes('/providers/')) return 'scope'
  return kinds?.length === 1 ? 'kind' : 'time'
}

function toPosition(row: Record<string, unknown>): ChainPosition {
  return { sequence: Number(row['sequence']), hash: String(row['hash']) }
}

function* toLinks(rows: Iterable<Record<string, unknown>>): Generator<ChainLink> {
  for (const row of rows) yield { ...toPosition(row), text: String(row['text']) }
}
