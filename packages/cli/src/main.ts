#!/usr/bin/env node
import { createCli } from './create-cli.ts'
import { reportFailure } from './report-failure.ts'

try {
  await createCli().parseAsync()
} catch (error) {
  process.exitCode = reportFailure(error)
}
