import { randomBytes } from 'node:crypto'
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** @returns `undefined` when there is no such file */
export async function readIfExists(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) {
      return undefined
    }
    throw error
  }
}

/** Replaces a file as a whole: a reader, or a start after a power cut, sees the old text or the new one. */
export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const temporary = await writeTemporary(path, text, mode)
  await rename(temporary, path)
}

/**
 * Creates a file as a whole unless there is one.
 * @returns false when there was one: another process came first
 */
export async function createFile(path: string, text: string, mode: number): Promise<boolean> {
  const temporary = await writeTemporary(path, text, mode)
  try {
    await link(temporary, path)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) {
      return false
    }
    throw error
  } finally {
    await rm(temporary, { force: true })
  }
}

async function writeTemporary(path: string, text: string, mode: number): Promise<string> {
  await mkdir(dirname(path), { recursive: true })
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`
  await writeFile(temporary, text, { mode, flag: 'wx', flush: true })
  return temporary
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
