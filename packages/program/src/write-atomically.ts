import { type FileHandle, open as openFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Opens a file for writing, readable by nobody else. Tests pass one that breaks off. */
export type OpenForWriting = (path: string) => Promise<Pick<FileHandle, 'writeFile' | 'sync' | 'close'>>

/** How a file is written. */
export interface WriteAtomicallyOptions {
  readonly open?: OpenForWriting
  /**
   * Where the new text is written before it takes the file's place. Default: beside it, always the same, so that a crash leaves
   * one at most; programs that may write the same file at the same time need one each.
   */
  readonly draft?: string
}

const onlyOwner = 0o600

/**
 * Replaces a file so that whoever reads it, at any time and after any crash, finds the old text or the new one. It has
 * reached the disk when this resolves.
 */
export async function writeAtomically(
  path: string,
  text: string,
  { open = (file) => openFile(file, 'w', onlyOwner), draft = `${path}.new` }: WriteAtomicallyOptions = {},
): Promise<void> {
  const file = await open(draft)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(draft, path)
  // The name is in the folder: without this it may still be the old file's after a loss of power.
  const folder = await openFile(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
