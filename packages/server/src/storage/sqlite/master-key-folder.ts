import { join } from 'node:path'
import type { Secret } from '@postern/program'
import { KeySealer } from '../key-sealer.ts'
import {
  copyMasterKeyFile,
  createMasterKeyFile,
  moveMasterKeyFile,
  readMasterKeyFile,
  replaceMasterKeyFile,
} from './master-key-file.ts'

/**
 * The master key files of a data folder: `master.key`; `master.key.next` while the key is being changed; `master.key.{id}`,
 * earlier ones, for backups that were made with them.
 *
 * The database tells which key opens it. A change writes the next key, then the database, then moves the file: whenever it
 * is cut short, the key that the database asks for stands in one of the two.
 */
export class MasterKeyFolder {
  readonly path: string
  readonly #next: string

  constructor(dataDir: string) {
    this.path = join(dataDir, 'master.key')
    this.#next = `${this.path}.next`
  }

  /** The key in force, the next one: those that there are. @throws {RelayError} InvalidConfiguration */
  async read(): Promise<{ readonly standing?: KeySealer; readonly next?: KeySealer }> {
    const [standing, next] = [await readMasterKeyFile(this.path), await readMasterKeyFile(this.#next)]
    return {
      ...(standing && { standing: new KeySealer(standing) }),
      ...(next && { next: new KeySealer(next) }),
    }
  }

  /** Makes the first key. */
  create(): Promise<Secret> {
    return createMasterKeyFile(this.path)
  }

  /**
   * Makes the next key; it is on the disk when the promise resolves.
   * @param like a file whose owner must be able to read it
   */
  async createNext(like: string): Promise<KeySealer> {
    return new KeySealer(await replaceMasterKeyFile(this.#next, like))
  }

  /**
   * Puts the next key in force.
   * @returns where the earlier one is kept
   */
  async adoptNext(): Promise<string | undefined> {
    const { standing } = await this.read()
    const kept = standing && this.#pathOf(standing)
    if (kept !== undefined) await copyMasterKeyFile(this.path, kept)
    await moveMasterKeyFile(this.#next, this.path)
    return kept
  }

  /**
   * Leaves the folder without a key in force, because the one that opens the database is kept elsewhere.
   * @returns where the earlier one is kept
   */
  async retire(): Promise<string | undefined> {
    const { standing, next } = await this.read()
    const kept: string[] = []
    for (const [key, path] of [
      [standing, this.path],
      [next, this.#next],
    ] as const) {
      if (!key) continue
      await moveMasterKeyFile(path, this.#pathOf(key))
      kept.push(this.#pathOf(key))
    }
    return kept[0]
  }

  #pathOf({ keyId }: KeySealer): string {
    return `${this.path}.${keyId}`
  }
}
