import { type Command, Option } from 'commander'
import { ControlClient } from '../control/control-client.ts'
import { controlSocketPath } from '../run-hcm.ts'
import type { HybridConnectionStatus } from '../service/status.ts'
import { defaultStateFolder } from './hcm-paths.ts'

/** Flags of every command that asks the running service. */
export interface AskFlags {
  readonly stateDir: string
  readonly output: 'text' | 'json'
}

/** Adds `--state-dir`, which says which service is meant. */
export function addStateOption(command: Command): Command {
  return command.option(
    '--state-dir <FOLDER>',
    'folder of the state and the control socket; default: POSTERN_HCM_DIR, else by user',
    defaultStateFolder(),
  )
}

/** Adds the flags of a command that asks the running service and prints what it says. */
export function addAskOptions(command: Command): Command {
  return addStateOption(command).addOption(
    new Option('-o, --output <FORMAT>', 'for people or for programs').choices(['text', 'json']).default('text'),
  )
}

/** Talks to the service that is meant. */
export function clientOf({ stateDir }: Pick<AskFlags, 'stateDir'>): ControlClient {
  return new ControlClient(controlSocketPath(stateDir))
}

/** Prints a result, for people or for programs. */
export function print({ output }: Pick<AskFlags, 'output'>, value: unknown, text: string): void {
  process.stdout.write(output === 'json' ? `${JSON.stringify(value, null, 2)}\n` : text)
}

/** The exit code says it too. */
export function failWhenWrong(statuses: readonly HybridConnectionStatus[]): void {
  if (statuses.some(({ Problem }) => Problem !== undefined)) process.exitCode = 1
}

/** Lines to paste, at the end of `--help`. */
export function addExamples(command: Command, ...lines: readonly string[]): Command {
  return command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`)
}
