import { type Command, Help, Option } from 'commander'
import type { OptionFlags } from './load-options.ts'
import type { OptionEntry, OptionTable } from './option-entry.ts'
import { formatOptionHelp } from './option-help.ts'

/**
 * Gives a command an option for every row of a table (secrets have no flag), so that wrong names are refused with the
 * nearest right one. Values stay texts: `loadOptions` checks them.
 * @param shown names of the rows that `--help` describes, in the words of the table
 */
export function addTableOptions(command: Command, table: OptionTable, shown: readonly string[]): void {
  const options = Object.values(table).flatMap(commandOptions)
  for (const option of options) command.addOption(option)
  // Commander's own list would say everything twice. Hidden options are no way out: it suggests none of them.
  command.configureHelp({
    formatHelp: (subject, { helpWidth }) => {
      const help = Object.assign(new Help(), { helpWidth })
      const visible = help.visibleOptions(subject).filter((option) => !options.includes(option))
      return help.formatHelp(subject, Object.assign(help, { visibleOptions: () => visible }))
    },
  })
  const rows = Object.fromEntries(Object.entries(table).filter(([name]) => shown.includes(name)))
  if (shown.length > 0) {
    command.addHelpText('after', () => `\n${formatOptionHelp(rows, { width: process.stdout.columns ?? 100 })}`)
  }
}

/** What was typed for the rows of a table, as `loadOptions` takes it. */
export function typedFlags(command: Command, table: OptionTable): OptionFlags {
  const typed = Object.entries(table).flatMap(([name, entry]) => {
    if (entry.type === 'secret') return []
    const attribute = new Option(`--${entry.flag}`).attributeName()
    return command.getOptionValueSource(attribute) === 'cli' ? [[name, command.getOptionValue(attribute)] as const] : []
  })
  return Object.fromEntries(typed)
}

function commandOptions(entry: OptionEntry): Option[] {
  if (entry.type === 'secret') return []
  if (entry.type === 'boolean') return [new Option(`--${entry.flag}`), new Option(`--no-${entry.flag}`)]
  const option = new Option(`--${entry.flag} <value>`)
  if (entry.type === 'list') {
    option.argParser((item: string, items: readonly string[] | undefined) => [...(items ?? []), item])
  }
  return [option]
}
