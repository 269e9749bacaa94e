import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Secret } from '@postern/program'
import { RelayError } from '@postern/protocol'
import { KeySealer } from '../key-sealer.ts'
import { documentDatabaseName, lockName } from './document-database.ts'
import type { DocumentAnswer, DocumentCall, DocumentWorkerData } from './document-messages.ts'
import { makeDataFolder } from './make-data-folder.ts'
import { MasterKeyFolder } from './master-key-folder.ts'
import { openProblem } from './open-problem.ts'
import type { SqliteProblem } from './sqlite-messages.ts'
import { SqliteThread } from './sqlite-thread.ts'

export interface DataFolderOptions {
  readonly dataDir: string
  readonly masterKey?: Secret
  /** Called with the answers of one transaction, before their promises resolve. */
  readonly onCommit: (answers: readonly DocumentAnswer[]) => void
}

export interface OpenDataFolder {
  readonly thread: SqliteThread<DocumentCall, DocumentAnswer>
  readonly sealer: KeySealer
}

/** Opens the database in a data folder together with the key that opens its secrets. */
export async function openDataFolder(options: DataFolderOptions): Promise<OpenDataFolder> {
  const { dataDir, masterKey } = options
  await makeDataFolder(dataDir)
  if (masterKey) return demand([await tryToOpen(new KeySealer(masterKey), options)], options)
  const folder = new MasterKeyFolder(dataDir)
  const { standing, next } = await folder.read()
  const first = await tryToOpen(standing ?? next ?? (await createFirst(folder, options)), options)
  const hasAnother = 'problem' in first && first.problem.reason === 'masterKey' && next !== undefined
  const opened = demand(hasAnother ? [first, await tryToOpen(next, options)] : [first], options)
  if (opened.sealer === next) await finishChange(folder, opened)
  return opened
}

/** The change of the key was cut short when the database had taken the next one. Nobody else is at it: we have the lock. */
async function finishChange(folder: MasterKeyFolder, { thread }: OpenDataFolder): Promise<void> {
  try {
    await folder.adoptNext()
  } catch (error) {
    await thread.close()
    throw error
  }
}

type Attempt = OpenDataFolder | { readonly problem: SqliteProblem; readonly sealer: KeySealer }

/** The attempt that succeeded, else the error of the first one. */
function demand(attempts: readonly [Attempt, ...Attempt[]], { dataDir }: DataFolderOptions): OpenDataFolder {
  const opened = attempts.find((attempt) => 'thread' in attempt)
  if (opened) return opened
  const [first] = attempts
  const problem: SqliteProblem = 'problem' in first ? first.problem : { reason: 'failed', message: '' }
  throw openProblem(problem, join(dataDir, documentDatabaseName), first.sealer.keyId)
}

async function tryToOpen(sealer: KeySealer, { dataDir, onCommit }: DataFolderOptions): Promise<Attempt> {
  const data: DocumentWorkerData = {
    databaseFile: join(dataDir, documentDatabaseName),
    lockFile: join(dataDir, lockName),
    masterKeyId: sealer.keyId,
  }
  const thread = await SqliteThread.start<DocumentCall, DocumentAnswer>({
    worker: 'document-worker',
    data,
    name: 'The resource store',
    onCommit,
  })
  return thread instanceof SqliteThread ? { thread, sealer } : { problem: thread, sealer }
}

async function createFirst(folder: MasterKeyFolder, { dataDir }: DataFolderOptions): Promise<KeySealer> {
  // A new key would open nothing of what the database holds.
  if (existsSync(join(dataDir, documentDatabaseName))) {
    throw new RelayError('InvalidConfiguration', {
      message: `The data folder ${dataDir} holds a database but no master.key. Put that file back, or give the key that it was made with as the master key option.`,
    })
  }
  return new KeySealer(await folder.create())
}
