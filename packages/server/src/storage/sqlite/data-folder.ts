import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Secret } from '@postern/program'
import { RelayError } from '@postern/protocol'
import { KeySealer } from '../key-sealer.ts'
import type { DocumentAnswer, DocumentCall, DocumentWorkerData } from './document-messages.ts'
import { makeDataFolder } from './make-data-folder.ts'
import { createMasterKeyFile, readMasterKeyFile } from './master-key-file.ts'
import { openProblem } from './open-problem.ts'
import { SqliteThread } from './sqlite-thread.ts'

export interface DataFolderOptions {
  readonly dataDir: string
  readonly masterKey?: Secret
  /** Called with the answers of one transaction, before their promises resolve. */
  readonly onCommit: (answers: readonly DocumentAnswer[]) => void
}

/** Opens the database in a data folder together with the key that opens its secrets. */
export async function openDataFolder(
  options: DataFolderOptions,
): Promise<{ readonly thread: SqliteThread<DocumentCall, DocumentAnswer>; readonly sealer: KeySealer }> {
  const { dataDir, onCommit } = options
  await makeDataFolder(dataDir)
  const sealer = new KeySealer(options.masterKey ?? (await findMasterKey(dataDir)))
  const databaseFile = join(dataDir, databaseName)
  const data: DocumentWorkerData = {
    databaseFile,
    lockFile: join(dataDir, 'postern.lock'),
    masterKeyId: sealer.keyId,
  }
  const thread = await SqliteThread.start<DocumentCall, DocumentAnswer>({
    worker: 'document-worker',
    data,
    name: 'The resource store',
    onCommit,
  })
  if (thread instanceof SqliteThread) return { thread, sealer }
  throw openProblem(thread, databaseFile, sealer.keyId)
}

const databaseName = 'postern.db'
const masterKeyName = 'master.key'

async function findMasterKey(dataDir: string): Promise<Secret> {
  const path = join(dataDir, masterKeyName)
  const standing = await readMasterKeyFile(path)
  if (standing) return standing
  // A new key would open nothing of what the database holds.
  if (existsSync(join(dataDir, databaseName))) {
    throw new RelayError('InvalidConfiguration', {
      message: `The data folder ${dataDir} holds a database but no ${masterKeyName}. Put that file back, or give the key that it was made with as the master key option.`,
    })
  }
  return createMasterKeyFile(path)
}
