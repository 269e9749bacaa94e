#!/usr/bin/env node
import { createCli } from './create-cli.ts'
import { reportFailure } from './report-failure.ts'
import { keepYoungGenerationSmall } from './young-generation.ts'

keepYoungGenerationSmall()
const args = process.argv.slice(2)
try {
  const cli = await createCli(args)
  await cli.parseAsync(args, { from: 'user' })
} catch (error) {
  process.exitCode = reportFailure(error)
}
