import { safeText } from '@postern/program'

/** A value as one cell of a line; lists of plain values are joined, whole objects have no place in a line. */
export function cellText(value: unknown, separator: string): string {
  if (Array.isArray(value)) {
    return value.every((item) => typeof item !== 'object')
      ? value.map((item) => cellText(item, '')).join(separator)
      : ''
  }
  if (typeof value === 'string') return safeText(value)
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}
