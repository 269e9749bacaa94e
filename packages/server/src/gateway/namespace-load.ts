/** Counts relayed connections and requests at once in each namespace (names without regard to case), up to a limit. */
export class NamespaceLoad {
  readonly #active = new Map<string, number>()
  readonly #maximum: number

  constructor(options: { readonly maximum: number }) {
    this.#maximum = options.maximum
  }

  /** Takes a place, or returns false when the namespace has none left. Each true needs one `leave`. */
  enter(namespace: string): boolean {
    const key = namespace.toLowerCase()
    const active = this.#active.get(key) ?? 0
    if (active >= this.#maximum) return false
    this.#active.set(key, active + 1)
    return true
  }

  leave(namespace: string): void {
    const key = namespace.toLowerCase()
    const left = (this.#active.get(key) ?? 1) - 1
    if (left === 0) this.#active.delete(key)
    else this.#active.set(key, left)
  }

  /** Places taken over all namespaces. */
  get total(): number {
    let sum = 0
    for (const count of this.#active.values()) sum += count
    return sum
  }
}
