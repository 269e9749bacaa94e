import type { ManagementClient, OperationId } from '@postern/management'

/** How the text of a flag becomes a value. */
export type FlagKind =
  | 'text'
  | 'integer'
  | 'boolean'
  | 'switch'
  /** `a=b c=d`: names with values. */
  | 'tags'
  /** Several words. */
  | 'list'
  /** JSON, or `@FILE` that holds it. */
  | 'json'
  /** `host:port`, written as the metadata that a hybrid connection keeps it in. */
  | 'endpointMetadata'

/** One flag of a command. */
export interface ManagedFlag {
  /** Without the dashes. */
  readonly long: string
  readonly short?: string
  /** What `--help` calls the value. */
  readonly value?: string
  readonly help: string
  /** Default `text`. */
  readonly kind?: FlagKind
  readonly choices?: readonly string[]
  readonly isRequired?: boolean
  /** Where the value goes: a parameter of the path, of the query, or a member of the body; `run` for the command itself. */
  readonly to: `path.${string}` | `query.${string}` | `body.${string}` | 'run'
  /** A setting of the account that stands in for the flag. */
  readonly setting?: 'subscription' | 'group'
}

/** Values of flags by their long name; only those that were given. */
export type FlagValues = Readonly<Record<string, unknown>>

/** What a command that is more than one call works with. */
export interface ManagedRun {
  readonly client: ManagementClient
  readonly values: FlagValues
  /** The subscription of the flag, the environment or the account. */
  readonly subscriptionId: string
  /** Says on standard error what takes long. */
  readonly progress: (text: string) => void
}

/** One command: what it is called, what it calls, what it shows. Help, completion and docs/reference/cli.md come from it. */
export interface ManagedCommand {
  /** `relay hyco create` */
  readonly words: string
  readonly summary: string
  readonly flags: readonly ManagedFlag[]
  /** An operation of the management API, or several of them in a function. */
  readonly does: OperationId | ((run: ManagedRun) => Promise<unknown>)
  /** Values for flags that were left out, found out before the call. */
  readonly prepare?: (run: ManagedRun) => Promise<FlagValues>
  /** Members of the body that no flag says. */
  readonly body?: Readonly<Record<string, unknown>>
  /** Columns of `-o table`: title to JMESPath of the item. */
  readonly columns?: Readonly<Record<string, string>>
  /** JMESPath of the rows of that table, where they are not the result itself. */
  readonly rows?: string
  /** JMESPath of a line below it. */
  readonly note?: string
  /** Asked on a terminal before it is done; `--yes` answers. */
  readonly confirmation?: string
  /** Arguments behind `postern` and the words. */
  readonly examples: readonly string[]
}

/** A group of commands: what stands behind its words in the help of the group above. */
export interface ManagedGroup {
  readonly words: string
  readonly summary: string
}
