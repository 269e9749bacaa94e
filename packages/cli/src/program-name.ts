import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * How the reader of an example runs this program from where he is: `postern` when it is installed, the path of the script
 * in the root of the repository when it runs from source.
 */
export function programName(cwd: string = process.cwd()): string {
  if (!import.meta.url.endsWith('.ts') || import.meta.url.includes('/node_modules/')) return 'postern'
  const script = fileURLToPath(new URL('../../../postern', import.meta.url))
  const path = relative(cwd, script)
  if (path.startsWith('..')) return script
  return path.includes('/') ? path : `./${path}`
}
