import { realpathSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { keptProgram } from '../upgrade/installation.ts'

/** How this program is started again, without what it was asked: `words` lead to the commands of hcm. */
export function thisProgram(words: readonly string[]): readonly [string, ...string[]] {
  const kept = keptProgram()
  if (kept !== undefined) return [kept]
  const [node, script] = process.argv
  return [node ?? process.execPath, ...process.execArgv, ...(script === undefined ? [] : [script]), ...words]
}

/** Hidden from the service by its unit. */
const hiddenFolders = ['/home', '/root', '/run/user', '/tmp', '/var/tmp']
const othersMayEnter = 0o001

/**
 * Says why a service with a user of its own could not start a program; undefined when it could.
 *
 * @param program command line; what begins with / in it is looked at
 * @param hidden folders that the service does not see
 */
export function whyNotStartable(
  program: readonly string[],
  hidden: readonly string[] = hiddenFolders,
): string | undefined {
  for (const path of program.filter((word) => word.startsWith('/'))) {
    const real = realPath(path)
    if (real === undefined) return `${path} does not exist`
    const unseen = [path, real].find((each) => hidden.some((folder) => each.startsWith(`${folder}/`)))
    if (unseen !== undefined) return `${unseen} lies in a folder that services do not see`
    const closed = foldersAbove(real).find((folder) => (statSync(folder).mode & othersMayEnter) === 0)
    if (closed !== undefined) return `${closed} lets only its owner in`
  }
  return undefined
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}

function foldersAbove(path: string): readonly string[] {
  const folder = dirname(path)
  return folder === path ? [] : [...foldersAbove(folder), folder]
}
