import type { Command } from 'commander'
import { programName } from '../program-name.ts'
import { configureConnectorRun } from './connector-run.ts'

/** Adds `postern connector`: private services by their own names on this machine. */
export function configureConnectorCommand(command: Command): void {
  const postern = programName()
  command.enablePositionalOptions().addHelpText(
    'after',
    `
Examples:
  ${postern} connector run -x "db.corp:5432=$SEND" -- psql -h db.corp -U app`,
  )
  configureConnectorRun(command.command('run'))
}
