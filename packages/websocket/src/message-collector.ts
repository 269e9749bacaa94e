export interface MessageCollectorOptions {
  readonly maxTextBytes: number
  readonly maxBinaryBytes: number
  readonly onText?: (text: string) => void
  /** Instead of `onText`: the bytes of a text message, which are UTF-8. They are the receiver's. */
  readonly onUtf8?: (bytes: Uint8Array) => void
  /** The bytes are the receiver's. */
  readonly onBinary: (bytes: Uint8Array) => void
  /** A message passed its limit; called once, nothing is delivered afterwards. */
  readonly onTooLarge: () => void
  /** A text message was not UTF-8; called once, nothing is delivered afterwards. Default: `onTooLarge`. */
  readonly onInvalidText?: () => void
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Makes whole messages of the pieces that a WebSocketEndpoint delivers: the message API for control channels. */
export class MessageCollector {
  readonly #options: MessageCollectorOptions
  #kind: 'text' | 'binary' = 'text'
  /** The message so far is the first #bytes of it. One growing buffer: a list of pieces would let single bytes cost hundreds. */
  #buffer: Uint8Array = new Uint8Array(0)
  #bytes = 0
  #failed = false

  constructor(options: MessageCollectorOptions) {
    this.#options = options
  }

  onMessageStart(kind: 'text' | 'binary'): void {
    this.#kind = kind
    this.#bytes = 0
  }

  onMessageData(chunk: Uint8Array): void {
    if (this.#failed) return
    const bytes = this.#bytes + chunk.length
    const limit = this.#kind === 'text' ? this.#options.maxTextBytes : this.#options.maxBinaryBytes
    if (bytes > limit) {
      this.#failed = true
      this.#buffer = new Uint8Array(0)
      this.#options.onTooLarge()
      return
    }
    if (bytes > this.#buffer.length) this.#grow(Math.min(Math.max(bytes, 2 * this.#buffer.length), limit))
    this.#buffer.set(chunk, this.#bytes)
    this.#bytes = bytes
  }

  onMessageEnd(): void {
    if (this.#failed) return
    const bytes = this.#buffer.subarray(0, this.#bytes)
    this.#buffer = new Uint8Array(0)
    this.#bytes = 0
    if (this.#kind === 'binary') {
      this.#options.onBinary(bytes)
      return
    }
    const text = decode(bytes)
    if (text === undefined) {
      this.#failed = true
      const { onInvalidText, onTooLarge } = this.#options
      if (onInvalidText) onInvalidText()
      else onTooLarge()
      return
    }
    this.#options.onUtf8?.(bytes)
    this.#options.onText?.(text)
  }

  #grow(length: number): void {
    const larger = new Uint8Array(length)
    larger.set(this.#buffer.subarray(0, this.#bytes))
    this.#buffer = larger
  }
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}
