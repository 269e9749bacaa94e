import { readFile } from 'node:fs/promises'
import { type Logger, silentLogger } from '@postern/program'
import { isRelayError, RelayError } from '@postern/protocol'
import { applyDeclaredResources, type DeclaredChanges } from './apply-declared-resources.ts'
import { FileWatch } from './file-watch.ts'
import { type ParsedResources, parseDeclaredResources } from './parse-declared-resources.ts'
import type { ResourceStore } from './resource-store.ts'

export interface DeclaredResourcesOptions {
  /** The YAML file; docs/reference/resources.schema.json describes it. */
  readonly file: string
  readonly store: ResourceStore
  readonly logger?: Logger
  /** Looks at what the file says before it counts. Throws what is wrong with it. */
  readonly check?: (parsed: ParsedResources) => void
  /** Called after each reading that changed something, and with each new problem. */
  readonly onReload?: (outcome: DeclaredChanges | RelayError) => void
  /** Default 100. */
  readonly debounceMs?: number
  /** Default 2000. */
  readonly pollIntervalMs?: number
}

/**
 * Keeps the store to what the resources file says, for as long as it is open. The file owns what it names: those documents
 * carry the origin `declared`, and are deleted when the file no longer names them. Nothing else in the store is touched.
 * A file that cannot be read or is not valid changes nothing; it is reported, and read again when it changes.
 */
export class DeclaredResources {
  readonly #options: DeclaredResourcesOptions
  readonly #logger: Logger
  #watch: FileWatch | undefined
  #problem: RelayError | undefined
  #reading: Promise<void> = Promise.resolve()

  private constructor(options: DeclaredResourcesOptions) {
    this.#options = options
    this.#logger = (options.logger ?? silentLogger).child({ file: options.file })
  }

  /**
   * Reads and applies the file, then watches it.
   * @throws {RelayError} InvalidConfiguration when the file cannot be read or is not valid.
   */
  static async open(options: DeclaredResourcesOptions): Promise<DeclaredResources> {
    const resources = new DeclaredResources(options)
    const { file, debounceMs = 100, pollIntervalMs = 2000 } = options
    // Begun before the first reading, so that no change is missed between the two.
    const watch = await FileWatch.start({ file, debounceMs, pollIntervalMs, onChange: () => resources.reload() })
    try {
      const first = resources.#apply()
      resources.#reading = first.then(
        () => {},
        () => {},
      )
      resources.#report(await first)
    } catch (error) {
      await watch.close()
      throw error
    }
    resources.#watch = watch
    return resources
  }

  /** Why the file as it stands now is not in force; undefined when it is. */
  get problem(): RelayError | undefined {
    return this.#problem
  }

  /** Reads the file now. Never rejects: see `problem`. */
  reload(): Promise<void> {
    this.#reading = this.#reading.then(() => this.#reloadNow())
    return this.#reading
  }

  /** Stops watching; the store keeps what was applied last. */
  async close(): Promise<void> {
    await this.#watch?.close()
    await this.#reading
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #reloadNow(): Promise<void> {
    try {
      const changes = await this.#apply()
      const isRepaired = this.#problem !== undefined
      this.#problem = undefined
      this.#report(changes, isRepaired)
    } catch (error) {
      const problem = toProblem(error)
      const isKnown = problem.message === this.#problem?.message
      this.#problem = problem
      if (isKnown) return
      this.#logger.error('resources.invalid', { reason: problem.message })
      this.#options.onReload?.(problem)
    }
  }

  async #apply(): Promise<DeclaredChanges> {
    const { file, store, check } = this.#options
    const parsed = parseDeclaredResources(await readText(file), file)
    check?.(parsed)
    const { declaration, locate } = parsed
    return applyDeclaredResources(store, declaration, { locate })
  }

  #report(changes: DeclaredChanges, isRepaired = false): void {
    const { written, deleted, released } = changes
    if (!isRepaired && written.length + deleted.length + released.length === 0) return
    this.#logger.info('resources.applied', { written, deleted, released })
    this.#options.onReload?.(changes)
  }
}

async function readText(file: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file))
  } catch (cause) {
    const reason = cause instanceof TypeError ? 'it is not UTF-8 text' : String(cause)
    throw new RelayError('InvalidConfiguration', {
      message: `The resources file ${file} cannot be read: ${reason}`,
      cause,
    })
  }
}

function toProblem(error: unknown): RelayError {
  return isRelayError(error) ? error : new RelayError('InternalError', { message: String(error), cause: error })
}
