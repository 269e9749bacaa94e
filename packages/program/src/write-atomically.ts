import { type FileHandle, open as openFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Opens a file for writing, readable by nobody else. Tests pass one that breaks off. */
export type OpenForWriting = (path: string) => Promise<Pick<FileHandle, 'writeFile' | 'sync' | 'close'>>

const onlyOwner = 0o600

/**
 * Replaces a file so that whoever reads it, at any time and after any crash, finds the old text or the new one. It has
 * reached the disk when this resolves.
 */
export async function writeAtomically(
  path: string,
  text: string,
  open: OpenForWriting = (file) => openFile(file, 'w', onlyOwner),
): Promise<void> {
  const temporary = `${path}.new`
  const file = await open(temporary)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  // The name is in the folder: without this it may still be the old file's after a loss of power.
  const folder = await openFile(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
