import type { ResourceChange } from './resource-store.ts'

/** The callbacks of one open store. */
export class ChangeFeed {
  readonly #callbacks = new Set<(change: ResourceChange) => void>()

  /** Adds a callback until the returned function is called; the same function added twice is called twice. */
  subscribe(callback: (change: ResourceChange) => void): () => void {
    const entry = (change: ResourceChange): void => callback(change)
    this.#callbacks.add(entry)
    return () => void this.#callbacks.delete(entry)
  }

  /** Calls every callback. One that throws keeps the change from nobody else; its error becomes a process warning. */
  emit(change: ResourceChange): void {
    for (const callback of this.#callbacks) {
      try {
        callback(change)
      } catch (error) {
        process.emitWarning(error instanceof Error ? error : new Error(String(error)))
      }
    }
  }

  clear(): void {
    this.#callbacks.clear()
  }
}
