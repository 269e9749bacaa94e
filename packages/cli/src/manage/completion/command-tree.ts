import type { Command, Option } from 'commander'

/** One command with what can stand behind it. */
export interface CommandNode {
  /** Words behind `postern`; empty for itself. */
  readonly words: string
  readonly subcommands: readonly { readonly name: string; readonly summary: string }[]
  readonly flags: readonly FlagNode[]
}

export interface FlagNode {
  /** `-g` and `--resource-group`. */
  readonly names: readonly string[]
  readonly help: string
  readonly takesValue: boolean
  readonly choices: readonly string[]
}

/** The whole tree below a command, itself first. */
export function commandTree(command: Command, words = ''): readonly CommandNode[] {
  const visible = command.createHelp().visibleCommands(command)
  const subcommands = visible.map((each) => ({ name: each.name(), summary: each.description() }))
  const flags = command.createHelp().visibleOptions(command).map(flagNode)
  const below = visible
    .filter((each) => command.commands.includes(each))
    .flatMap((each) => commandTree(each, words === '' ? each.name() : `${words} ${each.name()}`))
  return [{ words, subcommands, flags }, ...below]
}

function flagNode(option: Option): FlagNode {
  const { short, long, description, required, optional, argChoices } = option
  return {
    names: [short, long].filter((name) => name !== undefined && name !== null),
    help: description,
    takesValue: required || optional,
    choices: argChoices ?? [],
  }
}
