import { execFile } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

import { isExecutable } from '../processes/find-program.ts'

const run = promisify(execFile)
const installTimeoutMs = 120_000

/**
 * Installs exactly what a folder's lock file says, without running anybody's install script.
 *
 * @returns why that failed, if it did.
 */
export async function installFromNpm(folder: string): Promise<string | undefined> {
  const stamp = join(folder, 'node_modules', '.package-lock.json')
  const lock = join(folder, 'package-lock.json')
  if (existsSync(stamp) && statSync(stamp).mtimeMs >= statSync(lock).mtimeMs) return undefined
  const npm = join(dirname(process.execPath), 'npm')
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  try {
    await run(isExecutable(npm) ? npm : 'npm', args, { cwd: folder, timeout: installTimeoutMs })
    return undefined
  } catch (error) {
    return `npm ci failed: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`
  }
}
