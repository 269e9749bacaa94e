import { readFile } from 'node:fs/promises'
import { addTableOptions, formatOptions, typedFlags } from '@postern/program'
import { RelayError } from '@postern/protocol'
import { checkIngress, doubtGrants, optionTable, parseDeclaredResources } from '@postern/server'
import type { Command } from 'commander'
import { programName } from '../program-name.ts'
import { type RelaySettings, readRelaySettings, unknownEnvironment } from '../relay-settings.ts'
import { configureRotateMasterKey } from './rotate-master-key.ts'

/** Adds `postern config check|print|rotate-master-key`. */
export function configureConfigCommand(config: Command): void {
  const postern = programName()
  config.addHelpText('after', examples(postern))
  const check = config
    .command('check')
    .description('Checks options and the resources file, and says all that is wrong.')
  const print = config
    .command('print')
    .description('Prints the options in force, as a file that has the same effect.')
    .option('--with-source', 'say where each value comes from: flag, environment, file or default')
  for (const command of [check, print]) {
    command.option('--config <file>', 'YAML file of options').addHelpText('after', examples(postern))
    addTableOptions(command, optionTable, [])
  }
  configureRotateMasterKey(config.command('rotate-master-key'))
  check.action((options: { readonly config?: string }) => checkConfig(read(check, options.config)))
  print.action((options: { readonly config?: string; readonly withSource?: boolean }) => {
    const { loaded } = read(print, options.config)
    process.stdout.write(formatOptions(optionTable, loaded, { withSource: options.withSource ?? false }))
  })
}

function examples(postern: string): string {
  return `
All take the options of \`${postern} server\` and read the environment as it does.

Examples:
  ${postern} config check --config /etc/postern/postern.yaml
  ${postern} config check --resources relay.yaml
  ${postern} config print --with-source
  ${postern} config rotate-master-key --data /var/lib/postern`
}

function read(command: Command, file: string | undefined): RelaySettings {
  const settings = readRelaySettings(optionTable, { flags: typedFlags(command, optionTable), file })
  for (const name of unknownEnvironment(settings.loaded)) {
    warn(`${name} in the environment is no option`)
  }
  return settings
}

async function checkConfig({ config }: RelaySettings): Promise<void> {
  const { resourcesFile, ingressGrants } = config
  for (const doubt of doubtGrants(ingressGrants, config)) warn(doubt)
  if (resourcesFile !== undefined) {
    const parsed = parseDeclaredResources(await readResources(resourcesFile), resourcesFile)
    for (const doubt of await checkIngress(parsed, config)) warn(doubt)
  }
  process.stdout.write('The configuration is valid.\n')
}

function warn(message: string): void {
  process.stderr.write(`postern: warning: ${message}\n`)
}

async function readResources(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new RelayError('InvalidConfiguration', {
      message: `The resources file ${file} cannot be read: ${(cause as Error).message}`,
      cause,
    })
  }
}
