import type { OptionTable, OptionValues } from './option-entry.ts'

/** Where a value came from. */
export type OptionSource = 'flag' | 'environment' | 'file' | 'default'

/** A configuration file that was read: option names and raw values. */
export interface OptionFile {
  readonly path: string
  readonly values: Readonly<Record<string, unknown>>
  /** `line:column` of an option name, for error texts. */
  positionOf?(name: string): string | undefined
}

export interface OptionSources {
  /** By option name. `undefined` counts as not given. */
  readonly flags?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>
  /** Usually `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly file?: OptionFile
}

export interface LoadedOptions<Table extends OptionTable> {
  readonly values: OptionValues<Table>
  /** `default` also for an option that is absent. */
  readonly sources: Readonly<Record<keyof Table, OptionSource>>
  /** Names in the environment that begin like the table's own but belong to no option. */
  readonly unknownEnvironment: readonly string[]
}

/** Merges flags > environment > file > default. */
export function loadOptions<Table extends OptionTable>(table: Table, from: OptionSources): LoadedOptions<Table> {
  throw new Error(`not yet: ${Object.keys(table).length} ${Object.keys(from).length}`)
}
