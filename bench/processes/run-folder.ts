import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const existing = new Set<string>()

/** Makes a folder that only this user can read, for the configuration, keys and logs of one start. */
export function createRunFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'))
  existing.add(folder)
  return folder
}

/** Removes such a folder with everything in it. */
export function removeRunFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  existing.delete(folder)
}

/** Removes every folder that is left; synchronous, for the end of the benchmark itself. */
export function removeRunFolders(): void {
  for (const folder of existing) removeRunFolder(folder)
}
