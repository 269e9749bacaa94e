export interface MessageCollectorOptions {
  readonly maxTextBytes: number
  readonly maxBinaryBytes: number
  readonly onText: (text: string) => void
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
  #chunks: Uint8Array[] = []
  #bytes = 0
  #failed = false

  constructor(options: MessageCollectorOptions) {
    this.#options = options
  }

  onMessageStart(kind: 'text' | 'binary'): void {
    this.#kind = kind
    this.#chunks = []
    this.#bytes = 0
  }

  onMessageData(chunk: Uint8Array): void {
    if (this.#failed) return
    this.#bytes += chunk.length
    const limit = this.#kind === 'text' ? this.#options.maxTextBytes : this.#options.maxBinaryBytes
    if (this.#bytes > limit) {
      this.#failed = true
      this.#chunks = []
      this.#options.onTooLarge()
    } else {
      this.#chunks.push(chunk)
    }
  }

  onMessageEnd(): void {
    if (this.#failed) return
    const bytes = this.#join()
    if (this.#kind === 'binary') {
      this.#options.onBinary(bytes)
      return
    }
    let text: string
    try {
      text = utf8.decode(bytes)
    } catch {
      this.#failed = true
      const { onInvalidText, onTooLarge } = this.#options
      if (onInvalidText) onInvalidText()
      else onTooLarge()
      return
    }
    this.#options.onText(text)
  }

  #join(): Uint8Array {
    const [first] = this.#chunks
    const chunks = this.#chunks
    this.#chunks = []
    if (first !== undefined && chunks.length === 1) return first
    const whole = new Uint8Array(this.#bytes)
    let at = 0
    for (const chunk of chunks) {
      whole.set(chunk, at)
      at += chunk.length
    }
    return whole
  }
}
