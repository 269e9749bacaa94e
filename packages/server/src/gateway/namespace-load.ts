/** Counts relayed connections and requests at once in each namespace, up to a limit. */
export class NamespaceLoad {
  readonly #active = new Map<string, number>()
  readonly #maximum: number

  constructor(options: { readonly maximum: number }) {
    this.#maximum = options.maximum
  }

  /** Takes a place, or returns false when the namespace has none left. Each true needs one `leave`. */
  enter(namespace: string): boolean {
    const active = this.#active.get(namespace) ?? 0
    if (active >= this.#maximum) return false
    this.#active.set(namespace, active + 1)
    return true
  }

  leave(namespace: string): void {
    const left = (this.#active.get(namespace) ?? 1) - 1
    if (left === 0) this.#active.delete(namespace)
    else this.#active.set(namespace, left)
  }

  /** Places taken over all namespaces. */
  get total(): number {
    let sum = 0
    for (const count of this.#active.values()) sum += count
    return sum
  }
}
