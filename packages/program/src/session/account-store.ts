import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Accounts, parseAccounts } from './account.ts'

/** A change holds the lock for one request to a token endpoint at most; one that is older was left by a process that died. */
const staleLockMs = 60_000
const lockPollMs = 50

/** The file of accounts: readable by its owner alone, written whole or not at all. */
export class AccountStore {
  readonly path: string
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
    this.path = join(folder, 'accounts.json')
  }

  /** @throws {RelayError} InvalidConfiguration when the file is damaged */
  async read(): Promise<Accounts> {
    try {
      return parseAccounts(await readFile(this.path, 'utf8'), this.path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { accounts: [] }
      throw error
    }
  }

  /** Changes the accounts; no other process reads in between what it will write. What `change` gives as result is given back. */
  async update<Result>(
    change: (accounts: Accounts) => Promise<{ readonly accounts: Accounts; readonly result: Result }>,
  ): Promise<Result> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const lock = `${this.path}.lock`
    await takeLock(lock)
    try {
      const { accounts, result } = await change(await this.read())
      await this.#write(accounts)
      return result
    } finally {
      await rm(lock, { force: true })
    }
  }

  async #write(accounts: Accounts): Promise<void> {
    const draft = `${this.path}.${process.pid}.new`
    const file = await open(draft, 'w', 0o600)
    try {
      // The mode above holds for a new file only.
      await file.chmod(0o600)
      await file.writeFile(`${JSON.stringify(accounts, null, 2)}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, this.path)
  }
}

async function takeLock(path: string): Promise<void> {
  for (;;) {
    try {
      await (await open(path, 'wx', 0o600)).close()
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const age = await stat(path).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    )
    if (age > staleLockMs) await rm(path, { force: true })
    else await delay(lockPollMs)
  }
}
