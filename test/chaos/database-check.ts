import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/**
 * What SQLite itself finds wrong in a database that was left as it was when its process died: `ok`. A copy is looked at,
 * write-ahead log included, so that the relay has to repair its own by itself.
 */
export async function checkAbandonedDatabase(
  dataFolder: string,
  name: 'postern.db' | 'audit.db' = 'postern.db',
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-database-'))
  try {
    for (const file of [name, `${name}-wal`]) {
      await cp(join(dataFolder, file), join(folder, file)).catch((error: NodeJS.ErrnoException) => {
        // Without writes since the last checkpoint there is no log.
        if (error.code !== 'ENOENT' || file === name) throw error
      })
    }
    const database = new DatabaseSync(join(folder, name))
    try {
      return String(database.prepare('PRAGMA integrity_check').get()?.['integrity_check'])
    } finally {
      database.close()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
