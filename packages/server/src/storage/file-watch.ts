import { type FSWatcher, watch } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

export interface FileWatchOptions {
  readonly file: string
  /** Called when the file changed, also when it disappeared; never while the last call is still under way. Must not reject. */
  readonly onChange: () => Promise<void>
  /** How long the file must have been left alone before `onChange`: editors write in several steps. */
  readonly debounceMs: number
  /** For file systems that report nothing (network shares, some container mounts). */
  readonly pollIntervalMs: number
}

/**
 * Notices that a file was written, replaced or removed. Its folder is watched rather than the file itself, so that
 * editors and Kubernetes, which put a new file in its place, are seen as well. Keeps no process alive.
 */
export class FileWatch {
  readonly #options: FileWatchOptions
  readonly #watcher: FSWatcher | undefined
  readonly #poll: NodeJS.Timeout
  readonly #closing = new AbortController()
  #seen: string
  #running: Promise<void> | undefined
  #mustLookAgain = false

  private constructor(options: FileWatchOptions, seen: string) {
    this.#options = options
    this.#seen = seen
    this.#watcher = this.#watchFolder()
    this.#poll = setInterval(() => this.#look(), options.pollIntervalMs).unref()
  }

  /** Takes the file as it is at this moment for known. */
  static async start(options: FileWatchOptions): Promise<FileWatch> {
    return new FileWatch(options, await fingerprint(options.file))
  }

  /** Waits for a call that is under way. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#watcher?.close()
    clearInterval(this.#poll)
    await this.#running
  }

  #watchFolder(): FSWatcher | undefined {
    try {
      const watcher = watch(dirname(this.#options.file), { persistent: false }, () => this.#look())
      watcher.on('error', () => watcher.close())
      return watcher
    } catch {
      // No folder, no watches left, or none on this file system: polling still sees every change.
      return undefined
    }
  }

  #look(): void {
    if (this.#closing.signal.aborted) return
    if (this.#running) {
      this.#mustLookAgain = true
      return
    }
    this.#running = this.#waitForRest()
      // Closing ends the wait by an AbortError.
      .catch(() => {})
      .finally(() => {
        this.#running = undefined
        if (!this.#mustLookAgain) return
        this.#mustLookAgain = false
        this.#look()
      })
  }

  async #waitForRest(): Promise<void> {
    const { file, debounceMs, onChange } = this.#options
    const pause = async (): Promise<void> =>
      await delay(debounceMs, undefined, { signal: this.#closing.signal, ref: false })
    let now = await fingerprint(file)
    if (now === this.#seen) {
      // Something else in the folder: a log there writes thousands of lines a second, and one look serves all of them.
      await pause()
      return
    }
    let before: string
    do {
      before = now
      await pause()
      now = await fingerprint(file)
    } while (now !== before)
    this.#seen = now
    await onChange()
  }
}

/** Changes whenever the file is written or another one takes its place; symbolic links are followed. */
async function fingerprint(file: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true })
    return [dev, ino, size, mtimeNs, ctimeNs].join(':')
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  }
}
