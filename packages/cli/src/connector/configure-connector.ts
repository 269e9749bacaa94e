import { connectorOptionTable } from '@postern/connector'
import { type Command, Option } from 'commander'
import { configureConnectorRun } from '../commands/connector-run.ts'
import { programName } from '../program-name.ts'
import { addSettingsFlags } from './settings-flags.ts'

/** What a command needs that only asks. */
const askingRows = ['stateDir'] as const
/** And one that may go the way itself. */
const pingRows = ['apps', 'framing', 'stateDir', 'tls', 'tlsCa', 'proxy'] as const

/** Adds `postern connector`: programs of this machine open private services by their names. */
export function configureConnectorCommand(command: Command): void {
  addSettingsFlags(command, Object.keys(connectorOptionTable) as (keyof typeof connectorOptionTable)[])
  command
    // What stands behind the name of a command belongs to that command.
    .enablePositionalOptions()
    .option('--json', 'log as JSON, and say in JSON when it is ready')
    .option(
      '--print-resolver',
      'print the lines for systemd-resolved, Docker and Kubernetes that lead them to --dns; end',
    )
    .addHelpText('after', serveExamples(programName()))
    .action(async () => (await import('./serve-command.ts')).serveCommand(command))
  configureConnectorRun(command.command('run'))
  configureStatus(command.command('status').description('Shows the endpoints of the connector that runs here.'))
  configurePing(
    command.command('test').description('Says whether the service at the far end of an endpoint answers.'),
    'short',
  )
  configurePing(command.command('tcpping').description('The same, hop by hop with times.'), 'long')
  configureDoctor(
    command
      .command('doctor')
      .description('Looks at every hop to the far ends of all endpoints; says which is broken, and what to do.'),
  )
  configureClean(
    command.command('clean').description('Takes out of the hosts file what a killed connector left there.'),
  )
}

/** Adds `postern tcpping`. */
export function configureTcppingCommand(command: Command): void {
  configurePing(command, 'long')
}

function configureStatus(command: Command): void {
  addSettingsFlags(command, askingRows)
  output(command).action(async () => (await import('./status-command.ts')).statusCommand(command))
}

function configurePing(command: Command, form: 'short' | 'long'): void {
  addSettingsFlags(command, pingRows)
  output(command)
    .argument('<HOST:PORT>', 'an endpoint, as programs open it')
    .addHelpText('after', pingExamples(programName(), command.name()))
    .action(async (target: string) => (await import('./ping-command.ts')).pingCommand(command, { target, form }))
}

function configureDoctor(command: Command): void {
  addSettingsFlags(command, pingRows)
  output(command)
    .addHelpText('after', doctorExamples(programName()))
    .action(async () => (await import('./doctor-command.ts')).doctorCommand(command))
}

function configureClean(command: Command): void {
  addSettingsFlags(command, ['hostsFile'])
  output(command).action(async () => (await import('./clean-command.ts')).cleanCommand(command))
}

function output(command: Command): Command {
  return command
    .addOption(
      new Option('-o, --output <FORMAT>', 'for people or for programs').choices(['text', 'json']).default('text'),
    )
    .option('--json', 'the same as --output json')
}

function serveExamples(postern: string): string {
  return `
It goes on whatever happens to a relay, until Ctrl-C.

Examples:
  ${postern} connector -x 'db.corp:5432=Endpoint=sb://relay.example.test/;SharedAccessKeyName=send;SharedAccessKey=...;EntityPath=db' --hosts
  ${postern} connector -f connector.yml --dns 127.0.0.1:5300
  ${postern} connector --app app.json --hosts   # the hybrid connections of an app, followed live
  ${postern} connector run -x "db.corp:5432=$SEND" -- psql -h db.corp -U app   # one program sees the names
  ${postern} connector tcpping db.corp:5432     # is it there, and if not, where does it end?`
}

function pingExamples(postern: string, word: string): string {
  const name = word === 'tcpping' ? `${postern} tcpping` : `${postern} connector ${word}`
  return `
It asks the connector that runs here; with -f, -x or --app it goes the way itself.
Exit code: 0 the service answers, 1 it does not, 2 typed wrongly, 3 it is no endpoint, 4 nobody can tell.

Examples:
  ${name} db.corp:5432
  ${name} db.corp:5432 -x @db.secret --output json`
}

function doctorExamples(postern: string): string {
  return `
It asks the connector that runs here; with -f, -x or --app it goes the way itself. It ends with 0 when nothing is broken,
otherwise with a code for the first hop that is. In less than 15 s; each service sees one connection.

Examples:
  ${postern} connector doctor
  ${postern} connector doctor -f connector.yml --json`
}
