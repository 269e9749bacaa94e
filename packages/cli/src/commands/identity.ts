import { addTableOptions, typedFlags } from '@postern/program'
import { optionTable, recoverAdministrator } from '@postern/server'
import type { Command } from 'commander'
import { programName } from '../program-name.ts'
import { readRelaySettings } from '../relay-settings.ts'

/** Adds `postern identity reset-admin`. */
export function configureIdentityCommand(identity: Command): void {
  const postern = programName()
  identity.addHelpText('after', examples(postern))
  const reset = identity
    .command('reset-admin')
    .description('Makes a new secret for the administrator of a relay that is stopped; the old one ends.')
    .option('--config <file>', 'YAML file of options, as the relay reads it')
    .option('--json', 'print one JSON object')
  addTableOptions(reset, optionTable, ['data'])
  reset
    .addHelpText('after', examples(postern))
    .action((options: { readonly config?: string; readonly json?: boolean }) => resetAdmin(reset, options))
}

function examples(postern: string): string {
  return `
Whoever may write the data folder may do this. The secret is written to bootstrap-admin.json there; delete the file when you
have put the secret elsewhere.

Examples:
  ${postern} identity reset-admin
  ${postern} identity reset-admin --data /var/lib/postern
  ${postern} identity reset-admin --config /etc/postern/postern.yaml --json`
}

async function resetAdmin(
  command: Command,
  { config: file, json = false }: { readonly config?: string; readonly json?: boolean },
): Promise<void> {
  const { config } = readRelaySettings(optionTable, { flags: typedFlags(command, optionTable), file })
  const { clientId, file: secretFile } = await recoverAdministrator(config)
  process.stdout.write(
    json
      ? `${JSON.stringify({ clientId, file: secretFile })}\n`
      : `The administrator has a new secret.\n  client id  ${clientId} (or the name admin)\n  secret     in ${secretFile}\n`,
  )
}
