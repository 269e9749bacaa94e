#!/usr/bin/env node
import { boundYoungGeneration, reportFailure } from '@postern/program'
import { createCli } from './create-cli.ts'

boundYoungGeneration()
// `postern up --help | head`: whoever reads has enough, which is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})
const args = process.argv.slice(2)
try {
  const cli = await createCli(args)
  const isHcm = args[0] === 'hcm'
  await cli.parseAsync(isHcm ? (await import('@postern/hcm')).spellShortFlags(args) : args, { from: 'user' })
} catch (error) {
  process.exitCode = await reportFailure(error, 'postern')
}
