import type { OptionEntry, OptionTable, OptionValues } from './option-entry.ts'
import type { OptionFile } from './option-file.ts'
import { type OptionProblem, OptionsError } from './options-error.ts'
import { parseOption } from './parse-option.ts'

/** Where a value came from. */
export type OptionSource = 'flag' | 'environment' | 'file' | 'default'

/** What was typed on a command line, by option name; `undefined` counts as not given. */
export type OptionFlags = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

export interface OptionSources {
  readonly flags?: OptionFlags
  /** Usually `process.env`. A variable that is set to nothing counts as not given. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly file?: OptionFile
}

export interface LoadedOptions<Table extends OptionTable> {
  readonly values: OptionValues<Table>
  /** `default` also for an option that is absent. */
  readonly sources: Readonly<Record<keyof Table, OptionSource>>
  /**
   * Variables that begin like the table's own (`POSTERN_`) and belong to no option, for a warning. They are no errors: other
   * programs of ours have theirs, and Kubernetes sets `POSTERN_PORT` and more for a service of that name.
   */
  readonly unknownEnvironment: readonly string[]
}

/**
 * Merges flags > environment > file > default. Every given value is checked, also one that a stronger source hides.
 * @throws {OptionsError} `InvalidConfiguration` with every problem: unknown names, values of the wrong form or out of range,
 * secrets given as flags
 */
export function loadOptions<const Table extends OptionTable>(table: Table, from: OptionSources): LoadedOptions<Table> {
  const problems = [...unknownNames(table, from)]
  const values: Record<string, unknown> = {}
  const sources: Record<string, OptionSource> = {}
  for (const [name, entry] of Object.entries(table)) {
    const given = givenValues(name, entry, from, problems)
    const strongest = given[0] ?? { source: 'default', value: defaultOf(name, entry) }
    values[name] = strongest.value
    sources[name] = strongest.source
  }
  if (problems.length > 0) throw new OptionsError(problems)
  return {
    values: values as OptionValues<Table>,
    sources: sources as Record<keyof Table, OptionSource>,
    unknownEnvironment: unknownEnvironment(table, from.env ?? {}),
  }
}

/** The values of a table where nothing is given. */
export function defaultOptions<const Table extends OptionTable>(table: Table): OptionValues<Table> {
  return loadOptions(table, {}).values
}

interface GivenValue {
  readonly source: OptionSource
  readonly value: unknown
}

/** What the sources say about one option, strongest first; what is wrong goes to `problems`. */
function givenValues(name: string, entry: OptionEntry, from: OptionSources, problems: OptionProblem[]): GivenValue[] {
  const candidates: { source: OptionSource; raw: unknown; where: string }[] = []
  const flag = from.flags === undefined || !Object.hasOwn(from.flags, name) ? undefined : from.flags[name]
  if (flag !== undefined && entry.type === 'secret') {
    problems.push({
      where: name,
      message: `is a secret: give it as ${entry.env} or in the file, other users see flags`,
    })
  } else if (flag !== undefined && entry.type !== 'secret') {
    candidates.push({ source: 'flag', raw: flag, where: `--${entry.flag}` })
  }
  const variable = from.env?.[entry.env]
  if (variable !== undefined && variable !== '') {
    candidates.push({ source: 'environment', raw: variable, where: entry.env })
  }
  if (from.file !== undefined && Object.hasOwn(from.file.values, name)) {
    candidates.push({ source: 'file', raw: from.file.values[name], where: placeInFile(from.file, name) })
  }
  const given: GivenValue[] = []
  for (const { source, raw, where } of candidates) {
    const parsed = parseOption(entry, raw)
    if ('problem' in parsed) problems.push({ where, message: parsed.problem })
    else given.push({ source, value: parsed.value })
  }
  return given
}

/** Parsed like a given value, so that a table may say `30s`. */
function defaultOf(name: string, entry: OptionEntry): unknown {
  if (entry.type === 'secret' || entry.default === undefined) return undefined
  const parsed = parseOption(entry, entry.default)
  if ('problem' in parsed) throw new TypeError(`the default of option ${name} ${parsed.problem}`)
  return parsed.value
}

function* unknownNames(table: OptionTable, from: OptionSources): Iterable<OptionProblem> {
  for (const [name, value] of Object.entries(from.flags ?? {})) {
    if (value !== undefined && !Object.hasOwn(table, name)) yield unknown(table, name, `flag ${name}`)
  }
  for (const name of Object.keys(from.file?.values ?? {})) {
    if (from.file !== undefined && !Object.hasOwn(table, name)) yield unknown(table, name, placeInFile(from.file, name))
  }
}

function unknown(table: OptionTable, name: string, where: string): OptionProblem {
  const meant = Object.keys(table).find((known) => plainName(known) === plainName(name))
  return { where, message: meant === undefined ? 'is no option' : `is no option; is "${meant}" meant?` }
}

/** `data-port`, `DATA_PORT` and `dataport` are meant as `dataPort`. */
function plainName(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, '')
}

function placeInFile(file: OptionFile, name: string): string {
  const position = file.positionOf?.(name)
  return position === undefined ? `${file.path} ${name}` : `${file.path}:${position} ${name}`
}

function unknownEnvironment(table: OptionTable, env: Readonly<Record<string, string | undefined>>): string[] {
  const known = new Set(Object.values(table).map((entry) => entry.env))
  const prefixes = new Set([...known].map((name) => name.slice(0, name.indexOf('_') + 1)))
  return Object.keys(env).filter((name) => !known.has(name) && prefixes.has(name.slice(0, name.indexOf('_') + 1)))
}
