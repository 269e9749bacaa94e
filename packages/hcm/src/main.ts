#!/usr/bin/env node
import { errorHelp, isManagementError } from '@postern/management'
import { errorTable, isRelayError } from '@postern/protocol'
import { Command, CommanderError } from 'commander'
import { configureHcm, configureHcmLists, spellShortFlags } from './command/configure-hcm.ts'
import { hcmVersion } from './hcm-version.ts'

const program = new Command('hcm')
  .description(
    'Hybrid Connection Manager: leads the senders of hybrid connections to services that this machine reaches.',
  )
  .version(hcmVersion())
  .exitOverride()
  .showHelpAfterError('(--help shows options)')
configureHcm(program)
configureHcmLists(program)
try {
  await program.parseAsync(spellShortFlags(process.argv.slice(2)), { from: 'user' })
} catch (error) {
  process.exitCode = report(error)
}

/** Wrong words and settings end with 2, what is not there with 3, everything else that went wrong with 1. */
function report(error: unknown): 0 | 1 | 2 | 3 {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  const message = error instanceof Error ? error.message : String(error)
  // Lines of our own stay lines; nothing else that a terminal could obey does.
  process.stderr.write(`hcm: ${message.replaceAll(/(?!\n)[\p{Cc}\u{2028}\u{2029}]/gu, '?')}\n`)
  const help = isRelayError(error)
    ? errorTable[error.code].help
    : isManagementError(error)
      ? errorHelp(error)
      : undefined
  if (help !== undefined) process.stderr.write(`  ${help}\n`)
  if (isRelayError(error, 'ResourceNotFound') || (isManagementError(error) && error.status === 404)) return 3
  return isRelayError(error, 'InvalidConfiguration') || isRelayError(error, 'InvalidConnectionString') ? 2 : 1
}
