import { type Operation, operationTable } from '@postern/management'
import { type Command, Option } from 'commander'
import { programName } from '../program-name.ts'
import { managedCommands, managedGroups } from './command-table.ts'
import type { ManagedCommand, ManagedFlag } from './managed-command.ts'
import { outputFormats } from './output/output-format.ts'
import type { TypedOptions } from './run-command.ts'

/** Gives a command of `postern` everything that the table has below its name. */
export function configureManagedGroup(name: string): (command: Command) => void {
  return (top) => {
    const made = new Map<string, Command>([[name, top]])
    const inside = managedCommands.filter(({ words }) => words.split(' ')[0] === name)
    for (const command of inside) configureCommand(groupOf(made, command.words), command)
    for (const [words, group] of made) group.addHelpText('after', groupExamples(words, inside))
  }
}

/** The commander command above one with these words, made when it is the first below it. */
function groupOf(made: Map<string, Command>, words: string): Command {
  const above = words.slice(0, words.lastIndexOf(' '))
  const known = made.get(above)
  if (known) return known
  const name = above.slice(above.lastIndexOf(' ') + 1)
  const summary = managedGroups.find((group) => group.words === above)?.summary ?? ''
  const group = groupOf(made, above).command(name).description(summary)
  made.set(above, group)
  return group
}

function configureCommand(group: Command, managed: ManagedCommand): void {
  const command = group.command(managed.words.slice(managed.words.lastIndexOf(' ') + 1))
  command.description(managed.summary).addHelpText('after', examplesOf([managed]))
  for (const flag of managed.flags) command.addOption(optionOf(flag))
  for (const option of commonOptions(managed)) command.addOption(option)
  command.action(async (options: TypedOptions) => (await import('./run-command.ts')).runCommand(managed, options))
}

function optionOf(flag: ManagedFlag): Option {
  const { long, short, value = 'VALUE', kind, choices, help } = flag
  const isWordList = kind === 'list' || kind === 'tags'
  const shown = kind === 'switch' ? '' : ` <${value}${isWordList ? '...' : ''}>`
  const needed = flag.isRequired && flag.setting === undefined ? '; needed' : ''
  const option = new Option(`${short === undefined ? '' : `-${short}, `}--${long}${shown}`, `${help}${needed}`)
  // For help and completion alone: any case is taken, which commander's own check would refuse.
  if (choices) option.argChoices = [...choices]
  return option
}

/** Flags that a command has by what it does. */
function commonOptions(managed: ManagedCommand): readonly Option[] {
  return [
    ...(takesIds(managed) ? [new Option('--ids <ID...>', 'ids of resources, in place of their names')] : []),
    ...(isLongRunning(managed) ? [new Option('--no-wait', 'do not wait until it is done')] : []),
    ...(managed.confirmation === undefined ? [] : [new Option('-y, --yes', 'do not ask')]),
    ...outputOptions(),
  ]
}

/** Flags of everything that prints a result. */
export function outputOptions(): readonly Option[] {
  return [
    outputOption(),
    new Option('--query <JMESPATH>', 'print only what this expression gives of the result'),
    new Option('--account <NAME>', 'account to use for this command: `postern account list`'),
  ]
}

function outputOption(): Option {
  const option = new Option('-o, --output <FORMAT>', 'default: POSTERN_OUTPUT, else table on a terminal, else json')
  option.argChoices = [...outputFormats]
  return option
}

function operationOf({ does }: ManagedCommand): Operation | undefined {
  return typeof does === 'string' ? operationTable[does] : undefined
}

function isLongRunning(managed: ManagedCommand): boolean {
  return operationOf(managed)?.isLongRunning ?? false
}

/** A resource that is there has an id. What is yet to be made, and a list, have none. */
export function takesIds(managed: ManagedCommand): boolean {
  const operation = operationOf(managed)
  const verb = managed.words.slice(managed.words.lastIndexOf(' ') + 1)
  return operation !== undefined && !operation.isPaged && verb !== 'create' && operation.path.includes('Name}')
}

function examplesOf(commands: readonly ManagedCommand[]): string {
  const postern = programName()
  const lines = commands.flatMap(({ words, examples }) =>
    examples.map((example) => `  ${postern} ${words} ${example}`.trimEnd()),
  )
  return `\nExamples:\n${lines.join('\n')}`
}

/** Examples below a group: as many as one sees at a glance. */
const maxGroupExamples = 6

/** One example of each command in a group, or of each group in it when there are several. */
function groupExamples(words: string, commands: readonly ManagedCommand[]): string {
  const inside = commands.filter((command) => command.words.startsWith(`${words} `))
  const groups = Map.groupBy(inside, (command) => command.words.slice(0, command.words.lastIndexOf(' ')))
  const perGroup = Math.ceil(maxGroupExamples / groups.size)
  const shown = [...groups.values()].flatMap((group) => group.slice(0, perGroup)).slice(0, maxGroupExamples)
  return examplesOf(shown.map((command) => ({ ...command, examples: command.examples.slice(0, 1) })))
}
