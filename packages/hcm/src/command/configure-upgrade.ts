import { networkFlagTable } from '@postern/program'
import type { Command } from 'commander'
import { addAskOptions } from './ask-service.ts'
import type { UpgradeFlags } from './upgrade-command.ts'

/** Adds `hcm upgrade`. */
export function configureUpgrade(program: Command): void {
  addAskOptions(
    program
      .command('upgrade')
      .description(
        'Says whether there is a newer version; with `apply` installs it and has the service replaced by it.',
      ),
  )
    .argument('[action]', 'apply: install it')
    .option('--check', 'only say what there is; the default')
    .option(
      '--from <URL|FOLDER>',
      'management door of a relay with --downloads, or a folder of releases; default: POSTERN_HCM_RELEASES, else the relay that was joined',
      process.env['POSTERN_HCM_RELEASES'],
    )
    .option('--to <VERSION>', 'this one; default: the newest')
    .option('--allow-downgrade', 'also one that is older than what is installed')
    .option('--public-key <FILE>', 'key that signs the releases (PEM); default: the one that was installed')
    .option('--timeout <DURATION>', 'how long the new version may take until it serves as the old one does', '60s')
    .option(networkFlagTable.proxy.flags, networkFlagTable.proxy.help)
    .option(networkFlagTable.tlsCa.flags, networkFlagTable.tlsCa.help, collectFile)
    .addHelpText('after', examples)
    .action(async (action: string | undefined, flags: UpgradeFlags) => {
      const { upgradeCommand } = await import('./upgrade-command.ts')
      await upgradeCommand(action, flags)
    })
}

function collectFile(file: string, files: readonly string[] | undefined): readonly string[] {
  return [...(files ?? []), file]
}

const examples = `
The new version starts beside the one that runs, and takes over when it is registered everywhere and reaches the same targets; streams
that are open end with the old process, which waits for them (hcm run --hand-over-drain). A version that does not come up is given up,
and the old one serves on.

Examples:
  hcm upgrade --check --from https://relay.example.test:8444
  sudo hcm upgrade apply --from https://relay.example.test:8444
  sudo hcm upgrade apply --from ./release --to 1.2.3 --allow-downgrade`
