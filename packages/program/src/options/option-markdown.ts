import type { OptionEntry, OptionTable } from './option-entry.ts'
import { describeDefault, describeValue, optionGroups } from './option-help.ts'
import { formatAmount } from './parse-option.ts'

/** Documents a table in Markdown: a heading for each group, a table row for each option. */
export function optionTableMarkdown(table: OptionTable): string {
  const sections = [...optionGroups(table)].map(([group, entries]) => {
    const rows = entries.map(([name, entry]) =>
      markdownRow([
        `\`${name}\``,
        flagOf(entry),
        `\`${entry.env}\``,
        valueOf(entry),
        defaultOf(entry),
        meaningOf(entry),
      ]),
    )
    const head = [
      markdownRow(['file', 'flag', 'environment', 'value', 'default', 'meaning']),
      '|---|---|---|---|---|---|',
    ]
    return [...(group === '' ? [] : [`## ${group}`, '']), ...head, ...rows].join('\n')
  })
  return `${sections.join('\n\n')}\n`
}

/** One row of a Markdown table; cells are kept on their line and in their column. */
export function markdownRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replace(/\s*\n\s*/g, ' ')).join(' | ')} |`
}

function flagOf(entry: OptionEntry): string {
  if (entry.type === 'secret') return 'none: other users see flags'
  return entry.type === 'boolean' && entry.default ? `\`--no-${entry.flag}\`` : `\`--${entry.flag}\``
}

function valueOf(entry: OptionEntry): string {
  if (entry.type !== 'integer' && entry.type !== 'duration' && entry.type !== 'bytes') return describeValue(entry)
  const unit = entry.unit === undefined ? describeValue(entry) : `NUMBER of ${entry.unit}`
  const min = entry.min === undefined ? '' : `, at least ${formatAmount(entry.type, entry.min)}`
  const max = entry.max === undefined ? '' : `, at most ${formatAmount(entry.type, entry.max)}`
  return `${unit}${min}${max}`
}

function defaultOf(entry: OptionEntry): string {
  const text = describeDefault(entry)
  return text === '' ? '' : `\`${text}\``
}

function meaningOf(entry: OptionEntry): string {
  return entry.example === undefined ? entry.help : `${entry.help} Example: \`${entry.example}\`.`
}
