import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Secret } from '@postern/program'
import { RelayError } from '@postern/protocol'
import { KeySealer } from '../key-sealer.ts'
import { createMasterKeyFile, readMasterKeyFile } from './master-key-file.ts'
import type { SqliteProblem } from './sqlite-messages.ts'
import { type CommitCallback, SqliteThread } from './sqlite-thread.ts'

export interface DataFolderOptions {
  readonly dataDir: string
  readonly masterKey?: Secret
  readonly onCommit: CommitCallback
}

/** Opens the database in a data folder together with the key that opens its secrets. */
export async function openDataFolder(
  options: DataFolderOptions,
): Promise<{ readonly thread: SqliteThread; readonly sealer: KeySealer }> {
  const { dataDir, onCommit } = options
  await makeFolder(dataDir)
  const sealer = new KeySealer(options.masterKey ?? (await findMasterKey(dataDir)))
  const files = { databaseFile: join(dataDir, databaseName), lockFile: join(dataDir, 'postern.lock') }
  const thread = await SqliteThread.start({ ...files, masterKeyId: sealer.keyId }, onCommit)
  if (thread instanceof SqliteThread) return { thread, sealer }
  throw new RelayError('InvalidConfiguration', { message: explain(thread, dataDir, sealer.keyId) })
}

const databaseName = 'postern.db'
const masterKeyName = 'master.key'

async function makeFolder(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw new RelayError('InvalidConfiguration', {
      message: `The data folder ${dataDir} cannot be made: ${String(cause)}. Choose another one with --data.`,
      cause,
    })
  }
}

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

function explain(problem: SqliteProblem, dataDir: string, keyId: string): string {
  switch (problem.reason) {
    case 'locked':
      return `The data folder ${dataDir} is in use by another Postern relay. Stop that one, or give this one a folder of its own with --data.`
    case 'foreign':
      return `${join(dataDir, databaseName)} is the database of another program. Choose another data folder with --data.`
    case 'newer':
      return `The data folder ${dataDir} was written by a newer release of Postern. Run that release or a later one, or restore a copy of the folder made before the upgrade.`
    case 'masterKey':
      return `The data folder ${dataDir} was made with master key ${problem.message}, but ${keyId} was given. Give the first one.`
    case 'failed':
      return `The database in ${dataDir} cannot be opened: ${problem.message}. Check that this user may write there and that the disk is not full; a damaged database is replaced by a copy.`
  }
}
