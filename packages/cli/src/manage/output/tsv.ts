import { cellText } from './cell-text.ts'

/**
 * A line for each item, its values between tabs, without a head: for `cut`, `while read` and `$(...)`. Tabs and line feeds
 * inside a value are escaped, like all other controls.
 */
export function formatTsv(result: unknown): string {
  const items = Array.isArray(result) ? result : [result]
  return items
    .map(
      (item) =>
        `${values(item)
          .map((value) => cellText(value, ','))
          .join('\t')}\n`,
    )
    .join('')
}

function values(item: unknown): readonly unknown[] {
  if (Array.isArray(item)) return item
  return typeof item === 'object' && item !== null ? Object.values(item) : [item]
}
