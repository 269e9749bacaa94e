import type { OptionEntry, OptionTable } from './option-entry.ts'
import { describeDefault } from './option-help.ts'
import { formatAmount } from './parse-option.ts'

/** A JSON Schema (2020-12) of the configuration file, for editors; `loadOptions` is what decides. */
export function optionTableJsonSchema(
  table: OptionTable,
  options: { readonly title: string },
): Record<string, unknown> {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: options.title,
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(Object.entries(table).map(([name, entry]) => [name, propertyOf(entry)])),
  }
}

function propertyOf(entry: OptionEntry): Record<string, unknown> {
  const examples = entry.example === undefined ? undefined : { examples: [entry.example] }
  return { description: descriptionOf(entry), ...shapeOf(entry), ...examples }
}

function descriptionOf(entry: OptionEntry): string {
  if (entry.type !== 'duration' && entry.type !== 'bytes') return entry.help
  const max = entry.max === undefined ? '' : `, at most ${formatAmount(entry.type, entry.max)}`
  return entry.min === undefined && max === ''
    ? entry.help
    : `${entry.help} At least ${formatAmount(entry.type, entry.min ?? 0)}${max}.`
}

function shapeOf(entry: OptionEntry): Record<string, unknown> {
  const defaultText = describeDefault(entry)
  const withDefault = defaultText === '' ? {} : { default: defaultText }
  switch (entry.type) {
    case 'boolean':
      return { type: 'boolean', default: entry.default }
    case 'integer':
      return {
        type: 'integer',
        minimum: entry.min ?? 0,
        ...(entry.max === undefined ? {} : { maximum: entry.max }),
        ...(defaultText === '' ? {} : { default: Number(defaultText) }),
      }
    case 'duration':
      return { type: ['string', 'integer'], pattern: '^(0|(\\d+(\\.\\d+)?(d|h|ms|m|s))+)$', maximum: 0, ...withDefault }
    case 'bytes':
      return {
        type: ['string', 'integer'],
        pattern: '^\\d+(\\.\\d+)?(GiB|MiB|KiB|GB|MB|kB|B)?$',
        minimum: 0,
        ...withDefault,
      }
    case 'enum':
      return { enum: entry.values, ...withDefault }
    case 'list':
      return {
        oneOf: [{ type: 'array', items: { type: 'string' } }, { type: 'string' }],
        ...(entry.default === undefined ? {} : { default: entry.default }),
      }
    default:
      return { type: 'string', minLength: 1, ...withDefault }
  }
}
