import { operationTable } from '@postern/management'
import { markdownRow } from '@postern/program'
import { takesIds } from './configure-commands.ts'
import type { ManagedCommand, ManagedFlag, ManagedGroup } from './managed-command.ts'

/** Documents the commands in Markdown: a table and examples for each group, then every flag once. */
export function commandsMarkdown(commands: readonly ManagedCommand[], groups: readonly ManagedGroup[]): string {
  const sections = groups.flatMap(({ words, summary }) => {
    const inside = commands.filter((command) => groupOf(command) === words)
    if (inside.length === 0) return []
    const head = [markdownRow(['command', 'flags', 'calls', 'what it does']), '|---|---|---|---|']
    const rows = inside.map((command) =>
      markdownRow([`\`${lastWord(command)}\``, flagsOf(command), callsOf(command), command.summary]),
    )
    const examples = inside.flatMap(({ words: each, examples: lines }) =>
      lines.map((line) => `postern ${each} ${line}`.trimEnd()),
    )
    return [`## postern ${words}`, summary, [...head, ...rows].join('\n'), `\`\`\`sh\n${examples.join('\n')}\n\`\`\``]
  })
  return `${[...sections, '## Flags', flagTable(commands)].join('\n\n')}\n`
}

function groupOf({ words }: ManagedCommand): string {
  return words.slice(0, words.lastIndexOf(' '))
}

function lastWord({ words }: ManagedCommand): string {
  return words.slice(words.lastIndexOf(' ') + 1)
}

function flagsOf(command: ManagedCommand): string {
  const names = command.flags.map(
    (flag) => `\`${spelling(flag)}\`${flag.isRequired && !flag.setting ? ' (needed)' : ''}`,
  )
  return [...names, ...(takesIds(command) ? ['`--ids`'] : []), ...(command.confirmation ? ['`--yes`'] : [])].join(', ')
}

function spelling({ long, short }: ManagedFlag): string {
  return short === undefined ? `--${long}` : `--${long} -${short}`
}

function callsOf({ does }: ManagedCommand): string {
  return typeof does === 'string' && does in operationTable ? `\`${does}\`` : ''
}

/** A flag that means different things in different commands has a row for each. */
function flagTable(commands: readonly ManagedCommand[]): string {
  const rows = new Map<string, string>()
  for (const flag of commands.flatMap(({ flags }) => flags)) {
    const { value = '', choices, help } = flag
    const shown = choices ? choices.map((choice) => `\`${choice}\``).join(', ') : value
    const row = markdownRow([`\`${spelling(flag)}\``, shown, help])
    rows.set(row, row)
  }
  const head = [markdownRow(['flag', 'value', 'meaning']), '|---|---|---|']
  return [...head, ...[...rows.keys()].toSorted((a, b) => a.localeCompare(b, 'en'))].join('\n')
}
