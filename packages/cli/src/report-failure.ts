import { errorTable, isRelayError } from '@postern/protocol'
import { CommanderError } from 'commander'

/** Exit codes: 2 for what was typed or configured wrongly, 1 for everything else. */
const configurationCodes = new Set(['InvalidConfiguration', 'InvalidConnectionString'])

/**
 * Says on standard error what went wrong and what to do, without a stack: POSTERN_DEBUG=1 shows that too.
 * @returns the exit code
 */
export function reportFailure(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`postern: ${message}\n`)
  if (isRelayError(error)) process.stderr.write(`  ${errorTable[error.code].help}\n`)
  if (process.env['POSTERN_DEBUG'] && error instanceof Error) process.stderr.write(`${error.stack}\n`)
  return isRelayError(error) && configurationCodes.has(error.code) ? 2 : 1
}
