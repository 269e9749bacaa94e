/** Callbacks that want to hear of a change. Those added during a change hear of the next one. */
export class ChangeListeners<Arguments extends unknown[] = []> {
  readonly #callbacks = new Set<{ readonly call: (...values: Arguments) => void }>()

  /** @returns the function that ends it */
  add(call: (...values: Arguments) => void): () => void {
    const entry = { call }
    this.#callbacks.add(entry)
    return () => this.#callbacks.delete(entry)
  }

  notify(...values: Arguments): void {
    for (const { call } of Array.from(this.#callbacks)) {
      call(...values)
    }
  }
}
