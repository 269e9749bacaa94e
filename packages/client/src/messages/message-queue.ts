import type { MessageLoss, ReceivedMessage } from './subscription-options.ts'

/** What {@link MessageQueue} tells those who fill it. */
export interface MessageQueueOptions {
  readonly maxBytes: number
  /** It is full: read no more. What was read already is still taken. */
  readonly onFull: () => void
  /** Half of it is free again. */
  readonly onRoom: () => void
}

/** So many bytes a message costs beside its own: ten thousand empty ones are not free. */
const overheadBytes = 128

type Result = IteratorResult<ReceivedMessage, undefined>

/** Messages between a channel that delivers them and a loop that takes them, in order, with a bound. */
export class MessageQueue {
  readonly #options: MessageQueueOptions
  readonly #messages: ReceivedMessage[] = []
  readonly #takers: PromiseWithResolvers<Result>[] = []
  #bytes = 0
  #isFull = false
  #loss: MessageLoss | undefined
  /** Set when nothing more comes; with an error that the loop is to throw. */
  #end: { readonly error: Error | undefined } | undefined

  constructor(options: MessageQueueOptions) {
    this.#options = options
  }

  get isFull(): boolean {
    return this.#isFull
  }

  /** The next message carries it; of several the first one that is not known to the loop. */
  noteLoss(loss: MessageLoss): void {
    this.#loss ??= loss
  }

  add(data: string | Uint8Array): void {
    if (this.#end) return
    const loss = this.#loss
    this.#loss = undefined
    const message = { data, receivedAtMs: Date.now(), ...(loss && { loss }) }
    const taker = this.#takers.shift()
    if (taker) return taker.resolve({ done: false, value: message })
    this.#messages.push(message)
    this.#bytes += sizeOf(message)
    if (this.#isFull || this.#bytes < this.#options.maxBytes) return
    this.#isFull = true
    this.#options.onFull()
  }

  /** The next message, or the end. */
  async take(): Promise<Result> {
    const message = this.#messages.shift()
    if (message) {
      this.#bytes -= sizeOf(message)
      if (this.#isFull && this.#bytes <= this.#options.maxBytes / 2) {
        this.#isFull = false
        this.#options.onRoom()
      }
      return { done: false, value: message }
    }
    if (this.#end?.error) throw this.#end.error
    if (this.#end) return over
    const taker = Promise.withResolvers<Result>()
    this.#takers.push(taker)
    return taker.promise
  }

  /** Nothing more comes. What waits is still given, unless there is an error. */
  end(error?: Error): void {
    if (this.#end) return
    this.#end = { error }
    if (error !== undefined) this.clear()
    for (const taker of this.#takers.splice(0)) {
      if (error === undefined) taker.resolve(over)
      else taker.reject(error)
    }
  }

  /** Forgets what waits. */
  clear(): void {
    this.#messages.length = 0
    this.#bytes = 0
  }
}

const over: Result = { done: true, value: undefined }

/** A character of a string has two bytes at most. */
function sizeOf({ data }: ReceivedMessage): number {
  return overheadBytes + (typeof data === 'string' ? 2 * data.length : data.length)
}
