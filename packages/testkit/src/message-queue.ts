/** Values that arrive one by one, for tests that wait for the next. */
export class MessageQueue<T> {
  readonly #values: T[] = []
  readonly #waiting: { resolve: (value: T) => void; reject: (error: Error) => void }[] = []
  #failure: Error | undefined

  push(value: T): void {
    const waiter = this.#waiting.shift()
    if (waiter) waiter.resolve(value)
    else this.#values.push(value)
  }

  /** Everybody who waits, and asks later, gets this error once the values are used up. */
  fail(error: Error): void {
    this.#failure = error
    for (const waiter of this.#waiting.splice(0)) waiter.reject(error)
  }

  /** The next value, or an error after `timeoutMs`. */
  next(timeoutMs = 5000): Promise<T> {
    const [value] = this.#values.splice(0, 1)
    if (value !== undefined) return Promise.resolve(value)
    if (this.#failure) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
        reject(new Error(`nothing came within ${timeoutMs} ms`))
      }, timeoutMs)
      const waiter = {
        resolve: (arrived: T) => {
          clearTimeout(timer)
          resolve(arrived)
        },
        reject: (error: Error) => {
          clearTimeout(timer)
          reject(error)
        },
      }
      this.#waiting.push(waiter)
    })
  }

  /** Values that nobody took yet. */
  get size(): number {
    return this.#values.length
  }
}
