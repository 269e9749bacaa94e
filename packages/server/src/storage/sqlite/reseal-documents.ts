import type { DatabaseSync } from 'node:sqlite'
import { RelayError } from '@postern/protocol'
import { decodeDocument, encodeDocument } from '../document-text.ts'
import type { KeySealer } from '../key-sealer.ts'
import { writeMasterKeyId } from './document-database.ts'
import { inTransaction } from './transaction.ts'

/**
 * Seals every secret of every document with another key, in one transaction together with the key's id: all of it or
 * nothing. Revisions stay, for the documents say what they said before.
 *
 * @returns how many
 * @throws {RelayError} InternalError when a document is damaged or does not open
 */
export function resealDocuments(
  database: DatabaseSync,
  { from, to }: { readonly from: KeySealer; readonly to: KeySealer },
): number {
  const after = database.prepare('SELECT key, body FROM document WHERE key > ? ORDER BY key LIMIT 1')
  const update = database.prepare('UPDATE document SET body = ? WHERE key = ?')
  return inTransaction(database, 'IMMEDIATE', () => {
    let documents = 0
    // One at a time: a database may be larger than memory.
    for (let row = after.get(''); row !== undefined; row = after.get(String(row['key']))) {
      const body = reseal(String(row['key']), String(row['body']), { from, to })
      update.run(body, String(row['key']))
      documents += 1
    }
    writeMasterKeyId(database, to.keyId)
    return documents
  })
}

function reseal(key: string, body: string, { from, to }: { readonly from: KeySealer; readonly to: KeySealer }): string {
  try {
    return encodeDocument(decodeDocument(key, body, from), to)
  } catch (cause) {
    throw new RelayError('InternalError', {
      message: `The stored document ${key} is damaged, so nothing was changed: ${String(cause)}`,
      cause,
    })
  }
}
