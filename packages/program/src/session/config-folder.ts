import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/** Where accounts are kept: POSTERN_CONFIG_DIR, else the place for a user's settings on this system. */
export function configFolder(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const chosen = env['POSTERN_CONFIG_DIR']
  if (chosen) return chosen
  if (platform === 'win32') return join(env['APPDATA'] ?? join(homedir(), 'AppData', 'Roaming'), 'postern')
  // The XDG specification: a relative path is invalid and counts as none.
  const base = env['XDG_CONFIG_HOME']
  return join(base && isAbsolute(base) ? base : join(homedir(), '.config'), 'postern')
}
