import { cleanHostsFile } from '@postern/connector'
import { safeText } from '@postern/program'
import type { Command } from 'commander'
import { wantsJson } from './output.ts'
import { settingsOf } from './settings-flags.ts'

/** Takes out of the hosts file the blocks of connectors that do not run any more. */
export async function cleanCommand(command: Command): Promise<void> {
  const { hostsFile } = settingsOf(command).options
  const removed = (await cleanHostsFile(hostsFile)).map(({ id, lines }) => ({ id, lines }))
  if (wantsJson(command)) {
    process.stdout.write(`${JSON.stringify({ hostsFile, removed }, null, 2)}\n`)
    return
  }
  const lines = removed.flatMap((block) => block.lines).map((line) => `  ${safeText(line)}\n`)
  process.stdout.write(
    removed.length === 0
      ? `Nothing was left behind in ${hostsFile}.\n`
      : `Taken out of ${hostsFile}:\n${lines.join('')}`,
  )
}
