import { readFile } from 'node:fs/promises'
import { RelayError } from '@postern/protocol'

/** Environment variables that hold a connection string, first one wins; the second is azbridge's documented name. */
const variables = ['POSTERN_CONNECTION_STRING', 'AZURE_BRIDGE_CONNECTIONSTRING'] as const

/** The connection string of the environment. */
export function connectionStringOfEnvironment(env: NodeJS.ProcessEnv = process.env): string | undefined {
  return variables.map((name) => env[name]).find((value) => value)
}

/** What `--help` says about `-x`. */
export const connectionStringHelp: string = `connection string, or @FILE that holds it (other users see what stands on a command line); default: ${variables[0]}, ${variables[1]}`

/**
 * The connection string of `-x`, of a file (`-x @path`), or of the environment.
 * @throws {RelayError} InvalidConnectionString when there is none or the file cannot be read
 */
export async function readConnectionString(
  option: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const text = option ?? connectionStringOfEnvironment(env)
  if (text === undefined) {
    throw new RelayError('InvalidConnectionString', {
      message: `No connection string: give -x 'Endpoint=sb://...', -x @FILE, or set ${variables[0]}.`,
    })
  }
  if (!text.startsWith('@')) return text
  const path = text.slice(1)
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (cause) {
    throw new RelayError('InvalidConnectionString', {
      message: `Cannot read the connection string from ${path}: ${(cause as Error).message}`,
      cause,
    })
  }
}
