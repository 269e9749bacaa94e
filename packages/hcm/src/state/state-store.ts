import { randomUUID } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomically } from '@postern/program'
import { emptyState, formatState, type HcmState, parseState } from './hcm-state.ts'
import { MachineKey } from './machine-key.ts'

/** Keeps the state of a Hybrid Connection Manager in a folder: `hcm.json`, and the key for its secrets in `machine.key`. */
export class StateStore {
  readonly key: MachineKey
  readonly #path: string
  #state: HcmState
  #writing: Promise<unknown> = Promise.resolve()

  private constructor(path: string, key: MachineKey, state: HcmState) {
    this.#path = path
    this.key = key
    this.#state = state
  }

  /**
   * Opens the state in a folder, which is made when there is none.
   *
   * @throws {RelayError} InvalidConfiguration when what is there cannot be read; nothing is changed then.
   */
  static async open(folder: string): Promise<StateStore> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const path = join(folder, 'hcm.json')
    const text = await readIfThere(path)
    const known = text === undefined ? undefined : parseState(text, path)
    const hasSecrets = known !== undefined && (known.identity !== undefined || known.hybridConnections.length > 0)
    const key = await MachineKey.open(join(folder, 'machine.key'), { mayCreate: !hasSecrets })
    const store = new StateStore(path, key, known ?? emptyState(randomUUID()))
    if (!known) await store.update((state) => state)
    return store
  }

  /** As it is on the disk. */
  get state(): HcmState {
    return this.#state
  }

  /** Changes the state; resolves when the change is on the disk. Changes that come meanwhile wait for it. */
  update(change: (state: HcmState) => HcmState): Promise<void> {
    const written = this.#writing.then(async () => {
      const state = change(this.#state)
      await writeAtomically(this.#path, formatState(state))
      this.#state = state
    })
    this.#writing = written.catch(() => {})
    return written
  }

  /** Resolves when every change that was asked for is on the disk, or has failed. */
  async settled(): Promise<void> {
    await this.#writing
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
