import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { Secret } from '@postern/program'
import { RelayError } from '@postern/protocol'

/**
 * Reads a secret that a command is given: as it stands, `@FILE`, or `-` for standard input. The last two keep it out of
 * the list of processes.
 *
 * @throws {RelayError} InvalidConfiguration when the file cannot be read.
 */
export async function readSecretArgument(argument: string): Promise<Secret> {
  if (argument === '-') return new Secret((await text(process.stdin)).trim())
  if (!argument.startsWith('@')) return new Secret(argument)
  const file = argument.slice(1)
  try {
    return new Secret((await readFile(file, 'utf8')).trim())
  } catch (cause) {
    throw new RelayError('InvalidConfiguration', {
      message: `${file} cannot be read: ${(cause as Error).message}`,
      cause,
    })
  }
}
