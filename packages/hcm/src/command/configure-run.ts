import { addTableOptions, type OptionFlags, typedFlags } from '@postern/program'
import type { Command } from 'commander'
import { hcmOptionTable } from '../options/option-table.ts'

/** Adds `hcm run`. */
export function configureRun(program: Command): void {
  const run = program.command('run').description('Runs the HCM in the foreground, until Ctrl-C.')
  addTableOptions(run, hcmOptionTable, Object.keys(hcmOptionTable))
  run
    .option('--config <FILE>', 'YAML file of options; flags and environment win over it')
    .option('--json', 'the same as --log-format json')
    .option('-v, --verbose', 'the same as --log-level debug')
    .addHelpText('after', examples)
    .action(async ({ config, json, verbose }: RunFlags) => {
      const flags: OptionFlags = {
        ...(json && { logFormat: 'json' }),
        ...(verbose && { logLevel: 'debug' }),
        ...typedFlags(run, hcmOptionTable),
      }
      await (await import('./run-command.ts')).runCommand(flags, config)
    })
}

interface RunFlags {
  readonly config?: string
  readonly json?: true
  readonly verbose?: true
}

const examples = `In the file an option has its name in camel case: probeInterval: 5s

Examples:
  hcm run
  hcm run --state-dir /var/lib/postern-hcm --tls-ca /etc/postern/ca.pem
  POSTERN_HCM_LOG_FORMAT=json hcm run --config /etc/postern/hcm.yaml`
