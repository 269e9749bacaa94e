/** First in, first out, without moving what waits: what `Array.shift` costs grows with the thousands behind. */
export class Fifo<T> {
  readonly #items: (T | undefined)[] = []
  #first = 0

  get size(): number {
    return this.#items.length - this.#first
  }

  push(item: T): void {
    this.#items.push(item)
  }

  shift(): T | undefined {
    if (this.size === 0) return undefined
    const item = this.#items[this.#first]
    this.#items[this.#first] = undefined
    this.#first += 1
    if (this.size === 0) {
      this.#items.length = 0
      this.#first = 0
    } else if (this.#first >= minForgottenPlaces && this.#first * 2 >= this.#items.length) {
      this.#items.splice(0, this.#first)
      this.#first = 0
    }
    return item
  }
}

/** Empty places are given back when there are so many, and they are half of all. */
const minForgottenPlaces = 256
