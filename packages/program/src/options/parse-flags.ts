import { parseArgs } from 'node:util'
import type { OptionFlags } from './load-options.ts'
import type { OptionTable } from './option-entry.ts'
import { type OptionProblem, OptionsError } from './options-error.ts'

export interface ParsedFlags {
  /** By option name, as `loadOptions` takes them. */
  readonly flags: OptionFlags
  readonly positionals: readonly string[]
}

/**
 * Reads a command line by a table: `--data-port 1`, `--data-port=1`, `--in-memory`, `--no-in-memory`; lists may be repeated,
 * of other options the last one counts. What follows `--` is positional. Values are not checked yet.
 * @throws {OptionsError} `InvalidConfiguration` with every unknown flag and missing value
 */
export function parseFlags(table: OptionTable, argv: readonly string[]): ParsedFlags {
  const byFlag = new Map(
    Object.entries(table).flatMap(([name, entry]) =>
      entry.type === 'secret' ? [] : [[entry.flag, { name, entry }] as const],
    ),
  )
  const options = Object.fromEntries(
    [...byFlag].map(([flag, { entry }]) => [flag, { type: entry.type === 'boolean' ? 'boolean' : 'string' } as const]),
  )
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, tokens: true })
  const flags = new Map<string, string | boolean | string[]>()
  const positionals: string[] = []
  const problems: OptionProblem[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value)
    if (token.kind !== 'option') continue
    const negated = byFlag.get(token.name.replace(/^no-/, ''))
    const known = byFlag.get(token.name) ?? (negated?.entry.type === 'boolean' ? negated : undefined)
    if (known === undefined) {
      problems.push({ where: token.rawName, message: `is no option${secretHint(table, token.name)}` })
    } else if (known.entry.type === 'boolean') {
      const isNegated = known.entry.flag !== token.name
      if (isNegated && token.value !== undefined) problems.push({ where: token.rawName, message: 'takes no value' })
      flags.set(known.name, isNegated ? false : (token.value ?? true))
    } else if (token.value === undefined || (!token.inlineValue && token.value.startsWith('--'))) {
      // `--data-port --in-memory`: a flag was taken for the value; who means it writes `--data-port=--in-memory`.
      problems.push({ where: token.rawName, message: 'needs a value' })
    } else if (known.entry.type === 'list') {
      const items = flags.get(known.name)
      flags.set(known.name, [...(Array.isArray(items) ? items : []), token.value])
    } else {
      flags.set(known.name, token.value)
    }
  }
  if (problems.length > 0) throw new OptionsError(problems)
  return { flags: Object.fromEntries(flags), positionals }
}

function secretHint(table: OptionTable, flag: string): string {
  const name = flag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
  const entry = Object.hasOwn(table, name) ? table[name] : undefined
  return entry?.type === 'secret' ? `: a secret is given as ${entry.env} or in the file, other users see flags` : ''
}
