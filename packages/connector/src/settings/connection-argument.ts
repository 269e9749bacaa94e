import { readFileSync } from 'node:fs'
import { Secret } from '@postern/program'
import { RelayError } from '@postern/protocol'
import type { ConnectorEndpoint } from '../connector-options.ts'

/** `HOST:PORT=` before a connection string, whose own first `=` comes after a name without `:`. */
const namedForm = /^((?:\[[0-9a-f:.]+\]|[\w.*-]+):\d{1,5}u?)=(.+)$/is

/**
 * Reads what `-x` is given: a connection string, `HOST:PORT=CONNECTION STRING` where the relay may not be asked for the
 * endpoint, or `@FILE` with either of them, one in a line.
 *
 * @throws {RelayError} InvalidConfiguration when a file cannot be read.
 */
export function readConnectionArgument(argument: string, origin: string): readonly ConnectorEndpoint[] {
  if (argument.startsWith('@')) {
    const path = argument.slice(1)
    const lines = readSecretFile(path).split('\n')
    return lines.filter((line) => line.trim() !== '').map((line) => readConnection(line.trim(), path))
  }
  return [readConnection(argument.trim(), origin)]
}

function readConnection(text: string, origin: string): ConnectorEndpoint {
  const [, endpoint, connectionString = text] = namedForm.exec(text) ?? []
  const secret = new Secret(
    connectionString.startsWith('@') ? readSecretFile(connectionString.slice(1)) : connectionString,
  )
  return { connectionString: secret, origin, ...(endpoint !== undefined && { endpoint }) }
}

/** @throws {RelayError} InvalidConfiguration */
export function readSecretFile(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (cause) {
    throw new RelayError('InvalidConfiguration', {
      message: `${path} cannot be read: ${(cause as Error).message}`,
      cause,
    })
  }
}
