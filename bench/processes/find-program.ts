import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Debian keeps servers where a user's PATH does not look. */
const furtherFolders = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/bin']

/** Absolute path of a program, or undefined when it is not here. A name with a slash is taken as it is. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...furtherFolders]
  const paths = name.includes('/') ? [name] : folders.map((folder) => join(folder, name))
  return paths.find(isExecutable)
}

/** Whether this is a file that may be run. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
