import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Secret } from '@postern/program'
import { RelayError } from '@postern/protocol'
import { type AdministratorAccess, resetAdministrator } from './identity/administrator.ts'
import { administratorFile, writeAdministratorFile } from './identity/administrator-file.ts'
import { Directory } from './identity/directory.ts'
import { PasswordHasher } from './identity/password-hasher.ts'
import { DocumentCopy } from './storage/document-copy.ts'
import { documentDatabaseName } from './storage/sqlite/document-database.ts'
import { SqliteStore } from './storage/sqlite/sqlite-store.ts'

/** The data folder of a relay that is stopped. */
export interface RecoveryOptions {
  readonly dataDir: string
  /** Absent: the one in the folder. */
  readonly masterKey?: Secret
}

/**
 * Gives the administrator of a stopped relay a new secret, or makes him when there is none: for whoever has lost it and has
 * the disk. All his other credentials and sessions end.
 * @returns what he signs in with, which is in `file` too
 * @throws {RelayError} InvalidConfiguration when the folder holds no relay, or its relay runs
 */
export async function recoverAdministrator(
  options: RecoveryOptions,
): Promise<AdministratorAccess & { readonly file: string }> {
  const { dataDir } = options
  if (!existsSync(join(dataDir, documentDatabaseName))) {
    throw new RelayError('InvalidConfiguration', {
      message: `The folder ${dataDir} holds no relay. Name its data folder with --data.`,
    })
  }
  const store = await SqliteStore.open(options)
  try {
    const documents = await DocumentCopy.open(store)
    const directory = new Directory({ store, documents, passwords: new PasswordHasher() })
    const keep = (access: AdministratorAccess): Promise<void> => writeAdministratorFile(dataDir, access)
    return { ...(await resetAdministrator({ directory, store, documents, keep })), file: administratorFile(dataDir) }
  } finally {
    await store.close()
  }
}
