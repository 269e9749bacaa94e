import type { DocumentCopy } from '../../../storage/document-copy.ts'

/** Waits for changes of some documents. A change that comes while nobody waits is not lost: the next wait ends at once. */
export class DocumentWatch {
  readonly #unsubscribe: () => void
  #keys: ReadonlySet<string> = new Set()
  #hasChanged = false
  #wake: (() => void) | undefined

  constructor(documents: Pick<DocumentCopy, 'onChange'>) {
    this.#unsubscribe = documents.onChange(({ key }) => {
      if (!this.#keys.has(key)) return
      this.#hasChanged = true
      this.#wake?.()
    })
  }

  /** From now on it is these documents. What was changed before does not count. */
  follow(keys: ReadonlySet<string>): void {
    this.#keys = keys
    this.#hasChanged = false
  }

  /** False when the signal came first. One at a time. */
  async next(signal: AbortSignal): Promise<boolean> {
    if (!this.#hasChanged && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const wake = (): void => resolve()
      this.#wake = wake
      signal.addEventListener('abort', wake)
      await promise
      signal.removeEventListener('abort', wake)
      this.#wake = undefined
    }
    return !signal.aborted
  }

  close(): void {
    this.#unsubscribe()
  }
}
