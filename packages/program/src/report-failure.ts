import type { ManagementError } from '@postern/management'
import { isRelayError } from '@postern/protocol'
import { CommanderError } from 'commander'
import { safeText } from './safe-text.ts'

/** What was typed or configured wrongly ends with 2, everything else that went wrong with 1. */
const configurationCodes = new Set([
  'InvalidConfiguration',
  'InvalidConnectionString',
  'TokenMalformed',
  'InsecureEndpoint',
  'ParameterMissing',
])

/**
 * Says on standard error what went wrong and what to do, without a stack: POSTERN_DEBUG=1 shows that too.
 * @param program how it is called: every line of a program says whose it is
 * @returns the exit code; 3 for what is not there
 */
export async function reportFailure(error: unknown, program: string): Promise<0 | 1 | 2 | 3> {
  // It has been said already; asking for help or the version is no failure.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  const message = error instanceof Error ? error.message : String(error)
  const code = isFromManagement(error) ? `${safeText(error.code)}: ` : ''
  // Lines of our own stay lines; everything else that a terminal could obey is shown.
  process.stderr.write(`${program}: ${code}${message.split('\n').map(safeText).join('\n')}\n`)
  const help = await helpFor(error)
  if (help !== undefined) process.stderr.write(`  ${help}\n`)
  if (process.env['POSTERN_DEBUG'] && error instanceof Error) process.stderr.write(`${error.stack}\n`)
  if ((isFromManagement(error) && error.status === 404) || isRelayError(error, 'ResourceNotFound')) return 3
  return (isRelayError(error) || isFromManagement(error)) && configurationCodes.has(error.code) ? 2 : 1
}

async function helpFor(error: unknown): Promise<string | undefined> {
  if (isRelayError(error)) return error.help
  return isFromManagement(error) ? (await import('@postern/management')).errorHelp(error) : undefined
}

/** Told by its name: a relay that fails to start has no need of the client of another one. */
function isFromManagement(error: unknown): error is ManagementError {
  return error instanceof Error && error.name === 'ManagementError' && 'status' in error && 'code' in error
}
