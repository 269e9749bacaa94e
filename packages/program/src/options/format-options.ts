import { stringify } from 'yaml'
import { Secret } from '../secret.ts'
import type { LoadedOptions } from './load-options.ts'
import type { OptionEntry, OptionTable } from './option-entry.ts'
import { formatAmount } from './parse-option.ts'

/**
 * Writes loaded options as a configuration file that loads to the same values; secrets are masked, absent options left out.
 * @param options.withSource adds where each value came from as a comment
 */
export function formatOptions<Table extends OptionTable>(
  table: Table,
  loaded: LoadedOptions<Table>,
  options: { readonly withSource?: boolean } = {},
): string {
  const lines = Object.entries(table).flatMap(([name, entry]) => {
    const value: unknown = loaded.values[name]
    if (value === undefined) return []
    const line = stringify({ [name]: plainValue(entry, value) }, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd()
    // The flow style wraps the whole pair in braces.
    const pair = line.replace(/^\{\s*([\s\S]*?)\s*\}$/, '$1')
    return [options.withSource === true ? `${pair} # ${loaded.sources[name]}` : pair]
  })
  return `${lines.join('\n')}\n`
}

function plainValue(entry: OptionEntry, value: unknown): unknown {
  if (value instanceof Secret) return String(value)
  if ((entry.type === 'duration' || entry.type === 'bytes') && typeof value === 'number')
    return formatAmount(entry.type, value)
  return value
}
