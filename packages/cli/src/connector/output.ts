import type { Command } from 'commander'

/** True when a program reads what a command prints. */
export function wantsJson(command: Command): boolean {
  const { output, json = false } = command.opts<{ output: 'text' | 'json'; json?: true }>()
  return json || output === 'json'
}
