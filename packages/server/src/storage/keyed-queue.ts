import { RelayError } from '@postern/protocol'

/** Tasks that wait behind one key; a write takes milliseconds, so that more than these would wait for seconds. */
const defaultMaximum = 1000

/** Runs tasks with the same key one after the other: what one of them has read stays true until it has written. */
export class KeyedQueue {
  readonly #maximum: number
  readonly #tails = new Map<string, { readonly done: Promise<unknown>; length: number }>()

  /** @param options.maximum tasks at once with one key, the running one included */
  constructor(options: { readonly maximum?: number } = {}) {
    this.#maximum = options.maximum ?? defaultMaximum
  }

  /** Keys at work. */
  get size(): number {
    return this.#tails.size
  }

  /** @throws {RelayError} ServerBusy when too many wait already, and what the task throws */
  async run<Result>(key: string, task: () => Promise<Result>): Promise<Result> {
    const tail = this.#tails.get(key)
    const length = (tail?.length ?? 0) + 1
    if (length > this.#maximum) {
      throw new RelayError('ServerBusy', { message: 'Too many changes wait for each other; try again' })
    }
    const result = (tail?.done ?? Promise.resolve()).then(task)
    const entry = { done: result.catch(() => {}), length }
    this.#tails.set(key, entry)
    try {
      return await result
    } finally {
      const last = this.#tails.get(key)
      if (last === entry) this.#tails.delete(key)
      else if (last) last.length -= 1
    }
  }
}
