import type { Secret } from '@postern/program'
import { RelayError } from '@postern/protocol'
import { ChangeFeed } from '../change-feed.ts'
import { decodeDocument, encodeDocument, openEverySecret } from '../document-text.ts'
import type { KeySealer } from '../key-sealer.ts'
import { preconditionFailed } from '../precondition-failed.ts'
import {
  documentKey,
  keyPrefixesUnder,
  type ResourceChange,
  type ResourceDocument,
  type ResourceStore,
  type StoredDocument,
  type WriteCondition,
} from '../resource-store.ts'
import { openDataFolder } from './data-folder.ts'
import type { DocumentAnswer, DocumentCall, DocumentRow } from './document-messages.ts'
import type { SqliteThread } from './sqlite-thread.ts'

export interface SqliteStoreOptions {
  /** Made with mode 700 when missing. Holds `postern.db` (and `-wal`, `-shm`), `postern.lock` and `master.key`. */
  readonly dataDir: string
  /** Base64 of 32 bytes, seals the keys of all rules; else the one in `master.key`, which is made on first use. */
  readonly masterKey?: Secret
}

/** What stores share that are open on one database. */
interface SharedDatabase {
  readonly thread: SqliteThread<DocumentCall, DocumentAnswer>
  readonly sealer: KeySealer
  readonly stores: Set<ChangeFeed>
}

/** Keeps documents in a SQLite database in a folder that this process has to itself. */
export class SqliteStore implements ResourceStore {
  readonly #shared: SharedDatabase
  readonly #feed = new ChangeFeed()
  #closing: Promise<void> | undefined

  private constructor(shared: SharedDatabase) {
    this.#shared = shared
    shared.stores.add(this.#feed)
  }

  /**
   * Opens the folder, making what is missing.
   * @throws {RelayError} InvalidConfiguration when another process has it open, the master key is missing or another
   * one, the database is not ours or was made by a newer release: the message says what to do.
   */
  static async open({ dataDir, masterKey }: SqliteStoreOptions): Promise<SqliteStore> {
    const stores = new Set<ChangeFeed>()
    const { thread, sealer } = await openDataFolder({
      dataDir,
      ...(masterKey && { masterKey }),
      onCommit: (answers) => {
        for (const change of answers.flatMap((answer) => toChanges(answer, sealer))) {
          for (const feed of stores) feed.emit(change)
        }
      },
    })
    return new SqliteStore({ thread, sealer, stores })
  }

  /** Another store on the same open database, with callbacks of its own. The database is closed with the last store. */
  share(): SqliteStore {
    this.#assertOpen()
    return new SqliteStore(this.#shared)
  }

  deriveKey(purpose: string): Secret {
    return this.#shared.sealer.derive(purpose)
  }

  async list(): Promise<readonly StoredDocument[]> {
    return this.#decode(await this.#call({ kind: 'list' }))
  }

  async get(key: string): Promise<StoredDocument | undefined> {
    return this.#decode(await this.#call({ kind: 'get', key }))[0]
  }

  async put(document: ResourceDocument, condition: WriteCondition = 'any'): Promise<StoredDocument> {
    const key = documentKey(document)
    const body = encodeDocument(document, this.#shared.sealer)
    // What cannot be read again would keep every relay on this database from starting.
    fromRow({ key, revision: '', body }, this.#shared.sealer)
    const answer = await this.#call({ kind: 'put', key, body, condition })
    if (answer.kind !== 'put') throw preconditionFailed(key, condition)
    return { key, revision: answer.row.revision, document: { origin: 'managed', ...document } }
  }

  async delete(key: string, condition: WriteCondition = 'any'): Promise<boolean> {
    const namespace = /^ns\/(.*)$/.exec(key)?.[1]
    const under = namespace === undefined ? {} : { under: keyPrefixesUnder(namespace) }
    const answer = await this.#call({ kind: 'delete', key, condition, ...under })
    if (answer.kind !== 'deleted') throw preconditionFailed(key, condition)
    return answer.rows.length > 0
  }

  onChange(callback: (change: ResourceChange) => void): () => void {
    return this.#feed.subscribe(callback)
  }

  /** What is wrong with the database: SQLite's own check, then every document read. Empty when nothing is. */
  async integrityCheck(): Promise<readonly string[]> {
    const checked = await this.#call({ kind: 'integrityCheck' })
    const complaints = checked.kind === 'complaints' ? [...checked.complaints] : []
    const listed = await this.#call({ kind: 'list' })
    for (const row of listed.kind === 'rows' ? listed.rows : []) {
      try {
        openEverySecret(fromRow(row, this.#shared.sealer).document)
      } catch (error) {
        complaints.push(`${row.key}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    return complaints
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { stores, thread } = this.#shared
    // What was asked before closing still reaches this store's callbacks.
    await thread.idle()
    stores.delete(this.#feed)
    this.#feed.clear()
    if (stores.size === 0) await thread.close()
  }

  async #call(call: DocumentCall): Promise<DocumentAnswer> {
    this.#assertOpen()
    return this.#shared.thread.call(call)
  }

  #decode(answer: DocumentAnswer): StoredDocument[] {
    return answer.kind === 'rows' ? answer.rows.map((row) => fromRow(row, this.#shared.sealer)) : []
  }

  #assertOpen(): void {
    if (this.#closing) throw new RelayError('InternalError', { message: 'The resource store is closed.' })
  }
}

function toChanges(answer: DocumentAnswer, sealer: KeySealer): ResourceChange[] {
  if (answer.kind === 'put') {
    const previous = answer.previous && fromRow(answer.previous, sealer)
    const stored = fromRow(answer.row, sealer)
    return [{ kind: 'put', key: answer.row.key, stored, ...(previous && { previous }) }]
  }
  if (answer.kind !== 'deleted') return []
  return answer.rows.map((row) => ({ kind: 'delete', key: row.key, previous: fromRow(row, sealer) }))
}

function fromRow({ key, revision, body }: DocumentRow, sealer: KeySealer): StoredDocument {
  try {
    const document = decodeDocument(key, body, sealer)
    if (documentKey(document) !== key) throw new Error(`it is ${documentKey(document)}`)
    return { key, revision, document }
  } catch (cause) {
    throw new RelayError('InternalError', { message: `The document ${key} is damaged: ${String(cause)}`, cause })
  }
}
