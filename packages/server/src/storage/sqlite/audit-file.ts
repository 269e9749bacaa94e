import type { DatabaseSync } from 'node:sqlite'
import type { ChainPosition } from '../audit-chain.ts'
import type {
  AuditPage,
  AuditQuery,
  AuditReader,
  AuditSearch,
  AuditVerdict,
  ChainedRecord,
  VerifyOptions,
} from '../audit-store.ts'
import { decodeAuditRecord } from '../audit-text.ts'
import { verifyAuditChain } from '../verify-audit-chain.ts'
import { openAuditDatabaseToRead } from './audit-database.ts'
import { AuditRows } from './audit-rows.ts'
import { OpenProblem } from './open-database.ts'
import { openProblem } from './open-problem.ts'
import { inTransaction } from './transaction.ts'

/**
 * Reads the audit log in a database file, also while a relay writes it, in the thread that asks: for tools, not for the relay.
 */
export class AuditFile implements AuditReader {
  readonly #database: DatabaseSync
  readonly #rows: AuditRows

  private constructor(database: DatabaseSync) {
    this.#database = database
    this.#rows = new AuditRows(database)
  }

  /** @throws {RelayError} InvalidConfiguration when it is missing or no audit log */
  static open(file: string): AuditFile {
    try {
      return new AuditFile(openAuditDatabaseToRead(file))
    } catch (error) {
      const reason = error instanceof OpenProblem ? error.reason : 'failed'
      throw openProblem({ reason, message: error instanceof Error ? error.message : String(error) }, file)
    }
  }

  async head(): Promise<ChainPosition> {
    return this.#read(() => this.#rows.bounds()).head
  }

  async query(question: AuditQuery): Promise<readonly ChainedRecord[]> {
    return this.#read(() => this.#rows.query(question)).map(decodeAuditRecord)
  }

  async page(search: AuditSearch): Promise<AuditPage> {
    const { links, ...rest } = this.#read(() => this.#rows.page(search))
    return { records: links.map(decodeAuditRecord), ...rest }
  }

  async verify(options?: VerifyOptions): Promise<AuditVerdict> {
    return verifyAuditChain(
      {
        bounds: async () => this.#read(() => this.#rows.bounds()),
        check: async (after, options) => this.#read(() => this.#rows.check(after, options)),
      },
      options,
    )
  }

  async close(): Promise<void> {
    if (this.#database.isOpen) this.#database.close()
  }

  #read<Result>(work: () => Result): Result {
    return inTransaction(this.#database, 'DEFERRED', work)
  }
}
