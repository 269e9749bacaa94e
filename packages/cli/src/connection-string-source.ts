import { readFile } from 'node:fs/promises'
import { RelayError } from '@postern/protocol'

/** Environment variables that hold a connection string, first one wins; the second is azbridge's documented name. */
const variables = ['POSTERN_CONNECTION_STRING', 'AZURE_BRIDGE_CONNECTIONSTRING'] as const

/**
 * The connection string of `-x`, of a file (`-x @path`), or of the environment.
 * @throws {RelayError} InvalidConnectionString when there is none or the file cannot be read
 */
export async function readConnectionString(option: string | undefined): Promise<string> {
  if (option?.startsWith('@')) {
    const path = option.slice(1)
    try {
      return (await readFile(path, 'utf8')).trim()
    } catch (cause) {
      throw new RelayError('InvalidConnectionString', { message: `Cannot read the connection string from ${path}.`, cause })
    }
  }
  const text = option ?? variables.map((name) => process.env[name]).find((value) => value)
  if (text !== undefined) return text
  throw new RelayError('InvalidConnectionString', {
    message: `No connection string: give -x "Endpoint=sb://...", -x @FILE, or set ${variables[0]}.`,
  })
}
