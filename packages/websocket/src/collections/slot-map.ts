import { Slots } from './slots.ts'

/** The same by key: the Map itself holds nothing but keys and places, so that what its old tables keep costs nothing. */
export class SlotMap<Key extends string | number, T extends object> {
  readonly #places = new Map<Key, number>()
  readonly #slots = new Slots<T>()

  get size(): number {
    return this.#places.size
  }

  get(key: Key): T | undefined {
    const slot = this.#places.get(key)
    return slot === undefined ? undefined : this.#slots.get(slot)
  }

  set(key: Key, item: T): void {
    this.delete(key)
    this.#places.set(key, this.#slots.add(item))
  }

  /** @returns what was there */
  delete(key: Key): T | undefined {
    const slot = this.#places.get(key)
    if (slot === undefined) return undefined
    this.#places.delete(key)
    const item = this.#slots.get(slot)
    if (item) this.#slots.remove(slot, item)
    return item
  }

  clear(): void {
    this.#places.clear()
    this.#slots.clear()
  }

  /** In no particular order, see {@link Slots}. */
  values(): Iterable<T> {
    return this.#slots
  }
}
