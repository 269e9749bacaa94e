import type { OptionEntry, OptionTable } from './option-entry.ts'

/**
 * Writes the options of a program for `--help`: flag, value, meaning, environment name and default, under their groups.
 * @param options.width columns of the terminal, default 100
 */
export function formatOptionHelp(table: OptionTable, options: { readonly width?: number } = {}): string {
  const width = Math.max(60, options.width ?? 100)
  const sections = [...optionGroups(table)].map(([group, entries]) => {
    const blocks = entries.map(([, entry]) => formatEntry(entry, width))
    return group === '' ? blocks.join('\n') : `${group}:\n${blocks.join('\n')}`
  })
  return `${sections.join('\n\n')}\n`
}

/** The rows of a table by their group, in the table's order; rows without a group come under ''. */
export function optionGroups(table: OptionTable): ReadonlyMap<string, [string, OptionEntry][]> {
  const groups = new Map<string, [string, OptionEntry][]>()
  for (const [name, entry] of Object.entries(table)) {
    const group = groups.get(entry.group ?? '') ?? []
    group.push([name, entry])
    groups.set(entry.group ?? '', group)
  }
  return groups
}

/** The default of a row as a person would write it; '' when it has none. */
export function describeDefault(entry: OptionEntry): string {
  if (entry.type === 'secret' || entry.default === undefined) return ''
  return Array.isArray(entry.default)
    ? entry.default.join(entry.type === 'list' ? (entry.separator ?? ',') : ',')
    : String(entry.default)
}

/** What stands for the value of a row: `PORT`, `on|off`, `DURATION`. */
export function describeValue(entry: OptionEntry): string {
  switch (entry.type) {
    case 'enum':
      return entry.values.join('|')
    case 'boolean':
      return 'true|false'
    case 'list':
      return `LIST (${entry.separator ?? ','})`
    case 'string':
      return 'TEXT'
    case 'secret':
      return 'SECRET or @FILE'
    case 'duration':
      return 'DURATION'
    case 'bytes':
      return 'SIZE'
    default:
      return 'NUMBER'
  }
}

function formatEntry(entry: OptionEntry, width: number): string {
  const indent = ' '.repeat(6)
  const lines = wrap(entry.help, width - indent.length)
  const defaultText = describeDefault(entry)
  lines.push([entry.env, defaultText === '' ? '' : `default ${defaultText}`].filter((part) => part !== '').join(', '))
  if (entry.example !== undefined) lines.push(`example: ${entry.example}`)
  return [`  ${headOf(entry)}`, ...lines.map((line) => indent + line)].join('\n')
}

function headOf(entry: OptionEntry): string {
  if (entry.type === 'secret') return `(no flag) ${describeValue(entry)}`
  if (entry.type === 'boolean') return entry.default ? `--no-${entry.flag}` : `--${entry.flag}`
  if (entry.type === 'list') return `--${entry.flag} TEXT ...`
  return `--${entry.flag} ${describeValue(entry)}`
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}
