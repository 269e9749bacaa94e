/** Pieces up to here are copied together: each costs more than its bytes, and a hostile peer sends them one by one. */
const smallPieceBytes = 1024
const firstBlockBytes = 1024
const maxBlockBytes = 16_384

/** Bytes of a stream that nobody takes yet: first in, first out, in about as much memory as there are bytes. */
export class WaitingBytes {
  #pieces: Uint8Array[] = []
  /** Pieces before this index are taken. */
  #first = 0
  /** Is being filled, and not among the pieces yet. */
  #block: Uint8Array | undefined
  #blockUsed = 0

  get isEmpty(): boolean {
    return this.#first === this.#pieces.length && this.#blockUsed === 0
  }

  /** Adds a copy. */
  add(bytes: Uint8Array): void {
    if (bytes.length > smallPieceBytes) {
      this.#closeBlock()
      this.#pieces.push(new Uint8Array(bytes))
      return
    }
    let from = 0
    while (from < bytes.length) {
      const block = this.#openBlock()
      const taken = Math.min(bytes.length - from, block.length - this.#blockUsed)
      block.set(bytes.subarray(from, from + taken), this.#blockUsed)
      this.#blockUsed += taken
      from += taken
    }
  }

  /** Takes the oldest piece. */
  shift(): Uint8Array | undefined {
    if (this.#first === this.#pieces.length) {
      this.#pieces = []
      this.#first = 0
      this.#closeBlock()
    }
    const piece = this.#pieces[this.#first]
    if (piece === undefined) return undefined
    this.#pieces[this.#first] = nothing
    this.#first += 1
    return piece
  }

  clear(): void {
    this.#pieces = []
    this.#first = 0
    this.#block = undefined
    this.#blockUsed = 0
  }

  #openBlock(): Uint8Array {
    const block = this.#block
    if (block && this.#blockUsed < block.length) return block
    const isMany = block !== undefined
    this.#closeBlock()
    const fresh = new Uint8Array(isMany ? maxBlockBytes : firstBlockBytes)
    this.#block = fresh
    return fresh
  }

  #closeBlock(): void {
    if (this.#block && this.#blockUsed > 0) this.#pieces.push(this.#block.subarray(0, this.#blockUsed))
    this.#block = undefined
    this.#blockUsed = 0
  }
}

const nothing = new Uint8Array(0)
