#!/usr/bin/env node
import { boundYoungGeneration, reportFailure } from '@postern/program'
import { Command } from 'commander'
import { configureHcm, configureHcmLists, spellShortFlags } from './command/configure-hcm.ts'
import { hcmVersion } from './hcm-version.ts'

boundYoungGeneration()
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
  process.exitCode = await reportFailure(error, 'hcm')
}
