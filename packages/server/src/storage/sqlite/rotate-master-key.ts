import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { Secret } from '@postern/program'
import { RelayError } from '@postern/protocol'
import { KeySealer } from '../key-sealer.ts'
import { documentDatabaseName, lockName, openDocumentDatabase, readMasterKeyId } from './document-database.ts'
import { MasterKeyFolder } from './master-key-folder.ts'
import { OpenProblem, takeLock } from './open-database.ts'
import { openProblem } from './open-problem.ts'
import { resealDocuments } from './reseal-documents.ts'

export interface RotateMasterKeyOptions {
  readonly dataDir: string
  /** The key that opens the database now; else the one in the data folder. */
  readonly masterKey?: Secret
  /** The key that shall open it; else a new one is made and kept in the data folder. */
  readonly newMasterKey?: Secret
  /** Called when a step is done, and on the disk. */
  readonly onStep?: (step: RotationStep, report: MasterKeyRotation) => void
}

/** In this order. `filed`: the key files are in their places. */
export type RotationStep = 'keyWritten' | 'sealed' | 'wiped' | 'filed'

/** What was done, so far. */
export interface MasterKeyRotation {
  readonly newKeyId: string
  /** Absent when an earlier run, cut short, had sealed everything with the new key already. */
  readonly oldKeyId?: string
  /** How many were sealed anew. */
  readonly documents: number
  /** Where the new key is; absent when it was given. */
  readonly masterKeyFile?: string
  /** Where the old key is kept, for backups made with it; absent when it is not in the data folder. */
  readonly oldMasterKeyFile?: string
}

/**
 * Changes the master key of a data folder that no relay uses: every secret is sealed anew, in one transaction together with
 * the id of the key. When it is cut short at any point, either the old key opens everything or the new one does; the next
 * run, or the next start of the relay, finishes what is left.
 *
 * @throws {RelayError} InvalidConfiguration when a relay uses the folder, there is no database, or the old key is another
 * one; InternalError when a document is damaged. Nothing is changed then.
 */
export async function rotateMasterKey(options: RotateMasterKeyOptions): Promise<MasterKeyRotation> {
  const { dataDir } = options
  const file = join(dataDir, documentDatabaseName)
  if (!existsSync(file)) {
    throw invalid(`The data folder ${dataDir} holds no database. Name the folder of the relay with --data.`)
  }
  let lock: DatabaseSync | undefined
  let database: DatabaseSync | undefined
  try {
    lock = takeLock(join(dataDir, lockName))
    database = openDocumentDatabase(file)
    return await rotate(database, options)
  } catch (error) {
    if (error instanceof RelayError) throw error
    const reason = error instanceof OpenProblem ? error.reason : 'failed'
    throw openProblem({ reason, message: error instanceof Error ? error.message : String(error) }, file)
  } finally {
    database?.close()
    lock?.close()
  }
}

async function rotate(database: DatabaseSync, options: RotateMasterKeyOptions): Promise<MasterKeyRotation> {
  const { dataDir, onStep } = options
  const file = join(dataDir, documentDatabaseName)
  const folder = new MasterKeyFolder(dataDir)
  const { old, next } = await findKeys(options, folder, readMasterKeyId(database))
  const to = next ?? (await folder.createNext(file))
  let report: MasterKeyRotation = {
    newKeyId: to.keyId,
    ...(old && { oldKeyId: old.keyId }),
    documents: 0,
    ...(!options.newMasterKey && { masterKeyFile: folder.path }),
  }
  onStep?.('keyWritten', report)
  if (old) report = { ...report, documents: resealDocuments(database, { from: old, to }) }
  onStep?.('sealed', report)
  wipe(database)
  onStep?.('wiped', report)
  const kept = options.newMasterKey ? await folder.retire() : await folder.adoptNext()
  // A file that lay there unused is kept too, but is not what opened the database.
  if (kept?.endsWith(old?.keyId ?? '')) report = { ...report, oldMasterKeyFile: kept }
  onStep?.('filed', report)
  return report
}

/** Which key opens the database, and which one shall: no `old` when that is the same already, no `next` when it is to be made. */
async function findKeys(
  { dataDir, masterKey, newMasterKey }: RotateMasterKeyOptions,
  folder: MasterKeyFolder,
  needed: string | undefined,
): Promise<{ readonly old?: KeySealer; readonly next?: KeySealer }> {
  const given = newMasterKey && new KeySealer(newMasterKey)
  const files = await folder.read()
  const standing = masterKey ? new KeySealer(masterKey) : files.standing
  const opens = ({ keyId }: KeySealer): boolean => keyId === (needed ?? keyId)
  if (standing && opens(standing)) {
    if (given?.keyId === standing.keyId) throw invalid('The new master key is the one in force: give another one.')
    return { old: standing, ...(given && { next: given }) }
  }
  if (given && opens(given)) return { next: given }
  if (files.next && opens(files.next)) return given ? { old: files.next, next: given } : { next: files.next }
  if (!standing)
    throw invalid(
      `The data folder ${dataDir} holds no master.key. Give the key that it was made with as the master key option.`,
    )
  throw openProblem({ reason: 'masterKey', message: needed ?? '' }, join(dataDir, documentDatabaseName), standing.keyId)
}

/** What was sealed with the old key stays readable with it in pages that were freed, and in the log, until these are gone. */
function wipe(database: DatabaseSync): void {
  database.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)')
}

function invalid(message: string): RelayError {
  return new RelayError('InvalidConfiguration', { message })
}
