import type { Secret } from '../secret.ts'

interface OptionBase {
  /** Name on the command line, without the leading dashes: `data-port`. */
  readonly flag: string
  /** Name in the environment: `POSTERN_DATA_PORT`. */
  readonly env: string
  /** One or two sentences: what it does, what special values mean. */
  readonly help: string
  /** A value to paste into a shell. */
  readonly example?: string
  /** Heading under which help and documentation show it. */
  readonly group?: string
}

/** Text. */
export interface StringOption extends OptionBase {
  readonly type: 'string'
  readonly default?: string
}

/** A whole number, a duration (`30s`, inside: milliseconds) or a size (`64KiB`, inside: bytes). */
export interface NumberOption extends OptionBase {
  readonly type: 'integer' | 'duration' | 'bytes'
  /** As a person writes it: `8443`, `30s`, `64KiB`. */
  readonly default?: string | number
  /** Smallest value, in the inside unit. Default 0. */
  readonly min?: number
  readonly max?: number
  /** What an integer counts, for the documentation: `connections`. */
  readonly unit?: string
}

/** `true` or `false`; on the command line `--name` and `--no-name`. */
export interface BooleanOption extends OptionBase {
  readonly type: 'boolean'
  readonly default: boolean
}

/** Several texts: a flag given more than once, a list in the file, or one text with separators. */
export interface ListOption extends OptionBase {
  readonly type: 'list'
  readonly default?: readonly string[]
  /** Between the items of one text. Default `,`. */
  readonly separator?: ',' | ';'
}

/** One of a few words. */
export interface EnumOption extends OptionBase {
  readonly type: 'enum'
  readonly values: readonly string[]
  readonly default?: string
}

/** A key or password: from the environment or the file, never from a flag; `@path` reads it from a file of its own. */
export interface SecretOption extends Omit<OptionBase, 'flag'> {
  readonly type: 'secret'
}

/** One row of an option table. Without a default the option is absent unless it is given. */
export type OptionEntry = StringOption | NumberOption | BooleanOption | ListOption | EnumOption | SecretOption

/** Option name in camel case (also its name in the file) to its row. */
export type OptionTable = Readonly<Record<string, OptionEntry>>

type ValueOf<Entry extends OptionEntry> = Entry['type'] extends 'string'
  ? string
  : Entry['type'] extends 'integer' | 'duration' | 'bytes'
    ? number
    : Entry['type'] extends 'boolean'
      ? boolean
      : Entry['type'] extends 'list'
        ? readonly string[]
        : Entry extends { readonly values: readonly (infer Word)[] }
          ? Word
          : Secret

/** The typed values that a table describes: durations in milliseconds, sizes in bytes. */
export type OptionValues<Table extends OptionTable> = {
  readonly [Name in keyof Table]: Table[Name] extends { readonly default: unknown }
    ? ValueOf<Table[Name]>
    : ValueOf<Table[Name]> | undefined
}

/**
 * Gives a table literal its exact type. An exported table is written `{ ... } as const satisfies OptionTable` instead,
 * because isolated declarations cannot see through a call.
 */
export function defineOptions<const Table extends OptionTable>(table: Table): Table {
  return table
}
