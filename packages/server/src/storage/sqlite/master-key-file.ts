import { randomBytes } from 'node:crypto'
import { chmod, link, open, readFile, stat, unlink } from 'node:fs/promises'
import { Secret } from '@postern/program'
import { RelayError } from '@postern/protocol'

/**
 * Reads the master key from its file: base64 of 32 bytes on one line, readable by its owner alone.
 * Undefined when there is no such file.
 *
 * @throws {RelayError} InvalidConfiguration when others may read the file.
 */
export async function readMasterKeyFile(path: string): Promise<Secret | undefined> {
  try {
    const { mode } = await stat(path)
    // Windows has no such bits: what Node reports there is made up.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new RelayError('InvalidConfiguration', {
        message: `The master key ${path} can be read by others. Run: chmod 600 ${path}`,
      })
    }
    return new Secret((await readFile(path, 'utf8')).trim())
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

/**
 * Makes a new master key and its file, complete or not at all, also when the machine loses power meanwhile.
 * Where another process was quicker, its key is returned.
 */
export async function createMasterKeyFile(path: string): Promise<Secret> {
  const key = randomBytes(32).toString('base64')
  const draft = `${path}.${process.pid}.new`
  const file = await open(draft, 'w', 0o600)
  try {
    await chmod(draft, 0o600)
    await file.writeFile(`${key}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  try {
    // Not rename(): link() refuses to replace a key that came into being meanwhile.
    await link(draft, path)
    return new Secret(key)
  } catch (error) {
    const standing = hasCode(error, 'EEXIST') ? await readMasterKeyFile(path) : undefined
    if (!standing) throw error
    return standing
  } finally {
    await unlink(draft)
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
