import { askConnector } from '@postern/connector'
import type { Command } from 'commander'
import { formatEndpoints } from './format-endpoints.ts'
import { wantsJson } from './output.ts'
import { settingsOf } from './settings-flags.ts'

/** Shows how the running connector is doing; fails when something is wrong. */
export async function statusCommand(command: Command): Promise<void> {
  const facts = await askConnector(settingsOf(command).stateFolder, 'status', {})
  process.stdout.write(wantsJson(command) ? `${JSON.stringify(facts, null, 2)}\n` : formatEndpoints(facts))
  const isWrong = facts.problems.length > 0 || facts.endpoints.some(({ state }) => state === 'failed')
  if (isWrong) process.exitCode = 1
}
