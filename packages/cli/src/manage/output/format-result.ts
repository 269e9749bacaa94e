import { safeJson } from '@postern/program'
import { cellText } from './cell-text.ts'
import type { OutputFormat } from './output-format.ts'
import { queryResult } from './query-result.ts'
import { formatTable } from './table.ts'
import { formatTsv } from './tsv.ts'
import { formatYaml } from './yaml.ts'

/** How one result is to be written. */
export interface ResultOptions {
  readonly format: OutputFormat
  /** JMESPath of what is wanted. */
  readonly query?: string
  /** Columns of the table when there is no query: title to JMESPath of an item. */
  readonly columns?: Readonly<Record<string, string>>
  /** JMESPath of the rows, where they are not the result itself. */
  readonly rows?: string
  /** JMESPath of a line below the table. */
  readonly note?: string
}

/** The text of a result with its line feed; empty when there is nothing to say. */
export async function formatResult(result: unknown, options: ResultOptions): Promise<string> {
  const { format, query } = options
  const wanted = query === undefined ? result : await queryResult(result, query)
  if (wanted === undefined || wanted === null || format === 'none') return ''
  switch (format) {
    case 'json':
      return `${safeJson(JSON.stringify(wanted, null, 2))}\n`
    case 'yaml':
      return formatYaml(wanted)
    case 'tsv':
      return formatTsv(wanted)
    case 'table':
      return query === undefined ? commandTable(wanted, options) : formatTable(wanted)
  }
}

/** The table that a command describes. */
async function commandTable(result: unknown, { columns, rows, note }: ResultOptions): Promise<string> {
  const items = rows === undefined ? result : await queryResult(result, rows)
  const table = formatTable(columns ? await pickColumns(items, columns) : items)
  return note === undefined ? table : `${table}${cellText(await queryResult(result, note), ', ')}\n`
}

async function pickColumns(result: unknown, columns: Readonly<Record<string, string>>): Promise<unknown> {
  const { search } = await import('@jmespath-community/jmespath')
  const value = (item: unknown, path: string): unknown => {
    try {
      return search(item as never, path)
    } catch {
      // A function got nothing to work on: the relay left the member out.
      return null
    }
  }
  const pick = (item: unknown): unknown =>
    Object.fromEntries(Object.entries(columns).map(([title, path]) => [title, value(item, path)]))
  return Array.isArray(result) ? result.map(pick) : pick(result)
}
