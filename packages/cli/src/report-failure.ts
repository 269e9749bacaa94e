import { errorTable, isRelayError } from '@postern/protocol'
import { CommanderError } from 'commander'

/** What was typed or configured wrongly ends with 2, everything else that went wrong with 1. */
const configurationCodes = new Set(['InvalidConfiguration', 'InvalidConnectionString', 'TokenMalformed'])

/**
 * Says on standard error what went wrong and what to do, without a stack: POSTERN_DEBUG=1 shows that too.
 * @returns the exit code
 */
export function reportFailure(error: unknown): 0 | 1 | 2 {
  // It has been said already; asking for help or the version is no failure.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`postern: ${message}\n`)
  if (isRelayError(error)) process.stderr.write(`  ${errorTable[error.code].help}\n`)
  if (process.env['POSTERN_DEBUG'] && error instanceof Error) process.stderr.write(`${error.stack}\n`)
  return isRelayError(error) && configurationCodes.has(error.code) ? 2 : 1
}
