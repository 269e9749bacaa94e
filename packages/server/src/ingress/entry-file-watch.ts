import { ingressKey } from '../domain/ingress-status.ts'
import { findFileFaults } from './entry-files.ts'
import type { WantedIngress } from './ingress-ports.ts'

export interface EntryFileWatchOptions {
  /** Hears what is wrong with the files of each entry, by `ingressKey`, whenever that changes. */
  readonly onFaults: (faults: ReadonlyMap<string, string>) => void
  /** From the end of one look to the next. Default 10 s. */
  readonly intervalMs?: number
}

/** The files are read anew for new handshakes after 30 s: whoever broke one hears of it before most devices do. */
const defaultIntervalMs = 10_000

/** Looks again and again whether the files that entries name can be used. */
export class EntryFileWatch {
  readonly #options: EntryFileWatchOptions
  #wanted: readonly WantedIngress[] = []
  #known = '[]'
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(options: EntryFileWatchOptions) {
    this.#options = options
  }

  /** Looks at the files of these entries, now and from now on. Never rejects. */
  replace(wanted: readonly WantedIngress[]): Promise<void> {
    this.#wanted = wanted.filter(({ entry }) => entry.clientCertificates ?? entry.oidc?.clientSecretFile)
    return this.#look()
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  #look(): Promise<void> {
    clearTimeout(this.#timer)
    this.#looking = this.#looking.then(() => this.#lookNow())
    return this.#looking
  }

  async #lookNow(): Promise<void> {
    const faults = new Map<string, string>()
    for (const { owner, entry } of this.#wanted) {
      const found = await findFileFaults(entry)
      if (found.length === 0) continue
      faults.set(
        ingressKey(owner, entry.name),
        found.map(({ path, message }) => `${path.join('.')}: the file ${message}`).join('; '),
      )
    }
    if (this.#isStopped) return
    const text = JSON.stringify([...faults])
    if (text !== this.#known) {
      this.#known = text
      this.#options.onFaults(faults)
    }
    clearTimeout(this.#timer)
    if (this.#wanted.length === 0) return
    this.#timer = setTimeout(() => void this.#look(), this.#options.intervalMs ?? defaultIntervalMs).unref()
  }
}
