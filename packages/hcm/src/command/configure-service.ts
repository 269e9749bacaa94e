import { type Command, Option } from 'commander'
import type { ServiceAction } from '../system-service/service-manager.ts'
import { type AskFlags, addAskOptions } from './ask-service.ts'
import type { ServiceFlags } from './service-command.ts'

/** Adds `hcm service`: the HCM as a service of the system. */
export function configureService(service: Command): void {
  const install = actionCommand(
    service,
    'install',
    'Makes the HCM a service that starts with the system, and starts it.',
  )
  install
    .option('--no-start', 'do not start it now')
    .option('--replace', 'write the definition anew when it is there already')
    .option('--program <PATH>', 'what the service starts: PATH run; default: this program')
  actionCommand(service, 'uninstall', 'Stops the service and takes it out of the system; its state stays.')
  actionCommand(service, 'start', 'Starts the service.')
  actionCommand(service, 'stop', 'Stops the service; open streams may go on for 10 s.')
  addAskOptions(
    service.command('status').description('Shows what the system knows of the service; fails unless it runs.'),
  )
    .addHelpText(
      'after',
      `
0 when it runs and answers, 3 when it is not installed, otherwise 1. How the hybrid connections are: hcm status

Examples:
  hcm service status
  hcm service status -o json | jq -r .State`,
    )
    .action(async (flags: AskFlags) => (await import('./service-command.ts')).showServiceStatus(flags))
  service.addHelpText('after', examples)
}

function actionCommand(service: Command, action: ServiceAction, summary: string): Command {
  const command = service.command(action).description(summary)
  return command
    .option('--dry-run', 'print what would be written and run, and do nothing')
    .addOption(
      new Option('--platform <SYSTEM>', 'with --dry-run: for this kind of system').choices([
        'linux',
        'macos',
        'windows',
      ]),
    )
    .option('--root <FOLDER>', 'a folder that stands for /, for images and packages: nothing is started (systemd)')
    .addHelpText('after', examples)
    .action(async (flags: ServiceFlags) => {
      const { performAction } = await import('./service-command.ts')
      await performAction(action, { ...flags, words: wordsOf(service) })
    })
}

/** What leads from the program to the commands of hcm: nothing for `hcm`, `hcm` for `postern hcm`. */
function wordsOf(service: Command): readonly string[] {
  const words: string[] = []
  for (let at = service.parent; at?.parent; at = at.parent) words.unshift(at.name())
  return words
}

const examples = `
Settings of the service are lines such as POSTERN_HCM_PROXY=http://proxy.corp:3128 in /etc/postern-hcm/environment (mode 600).

Examples:
  sudo hcm service install
  sudo hcm service status
  hcm service install --dry-run
  hcm service install --dry-run --platform windows
  hcm service install --root ./image --program /usr/bin/hcm
  sudo hcm service stop
  sudo hcm service uninstall`
