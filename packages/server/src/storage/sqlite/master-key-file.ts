import { randomBytes } from 'node:crypto'
import { chmod, chown, link, open, readFile, rename, stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
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
  const key = randomMasterKey()
  const draft = await writeDraft(path, key)
  try {
    // Not rename(): link() refuses to replace a key that came into being meanwhile.
    await link(draft, path)
    await syncFolder(path)
    return key
  } catch (error) {
    const standing = hasCode(error, 'EEXIST') ? await readMasterKeyFile(path) : undefined
    if (!standing) throw error
    return standing
  } finally {
    await unlink(draft)
  }
}

/**
 * The same, but what stands there is replaced.
 * @param like the file has the owner of this one, if this process may give it away
 */
export async function replaceMasterKeyFile(path: string, like: string): Promise<Secret> {
  const key = randomMasterKey()
  const draft = await writeDraft(path, key)
  if (process.getuid?.() === 0) {
    const { uid, gid } = await stat(like)
    await chown(draft, uid, gid)
  }
  await moveMasterKeyFile(draft, path)
  return key
}

/** Renames a key file over what stands there; it is on the disk when the promise resolves. */
export async function moveMasterKeyFile(from: string, to: string): Promise<void> {
  await rename(from, to)
  await syncFolder(to)
}

/** Gives a key file a second name, unless the name is taken; it is on the disk when the promise resolves. */
export async function copyMasterKeyFile(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  }
  await syncFolder(to)
}

function randomMasterKey(): Secret {
  return new Secret(randomBytes(32).toString('base64'))
}

async function writeDraft(path: string, key: Secret): Promise<string> {
  const draft = `${path}.${process.pid}.new`
  const file = await open(draft, 'w', 0o600)
  try {
    await chmod(draft, 0o600)
    await file.writeFile(`${key.reveal()}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  return draft
}

/** A new name is lost with the power unless its folder is written too. */
async function syncFolder(path: string): Promise<void> {
  // Windows cannot open a folder, and writes names at once.
  if (process.platform === 'win32') return
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
