/** Pieces up to here are copied together: a reference to each would cost more than its bytes. */
const copiedPieceBytes = 1024
const firstBlockBytes = 1024
const maxBlockBytes = 16_384

/**
 * The bytes of one direction that the peer has not confirmed, by offset: appended at the end, read from anywhere, forgotten
 * from the beginning. Holds large pieces by reference: they must not change before they are forgotten.
 */
export class ReplayBuffer {
  /** Offset of the oldest byte. */
  start = 0
  /** Offset behind the newest byte. */
  end = 0
  #pieces: Uint8Array[] = []
  /** How much of each piece counts: the last block is still being filled. */
  #lengths: number[] = []
  /** Pieces before this index are forgotten. */
  #first = 0
  #firstOffset = 0
  #block: Uint8Array | undefined
  #blockUsed = 0
  /** Where the last read ended: reads go on from there. */
  #cursor = 0
  #cursorOffset = 0

  get bytes(): number {
    return this.end - this.start
  }

  append(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    // A small part of a large buffer would keep all of it alive.
    if (bytes.length <= copiedPieceBytes) this.#appendCopy(bytes)
    else this.#push(bytes.length * 2 >= bytes.buffer.byteLength ? bytes : new Uint8Array(bytes), bytes.length)
    this.end += bytes.length
  }

  /** Copies `length` bytes from `offset` on; they must be here. Plain numbers: this is the data path. */
  copyRange(target: Uint8Array, at: number, offset: number, length: number): void {
    this.#seek(offset)
    let to = at
    let from = offset - this.#cursorOffset
    let left = length
    while (left > 0) {
      const piece = this.#pieces[this.#cursor]
      const pieceBytes = this.#lengths[this.#cursor] ?? 0
      if (piece === undefined) throw new RangeError('Bytes that are not in the replay buffer were asked for')
      const taken = Math.min(left, pieceBytes - from)
      if (taken === piece.length) target.set(piece, to)
      else target.set(piece.subarray(from, from + taken), to)
      to += taken
      left -= taken
      from += taken
      if (left === 0) return
      this.#cursor += 1
      this.#cursorOffset += pieceBytes
      from = 0
    }
  }

  /** Forgets everything before `offset`. */
  forget(offset: number): void {
    if (offset >= this.end) {
      this.start = this.end
      this.#clear()
      return
    }
    this.start = offset
    let pieceBytes = this.#lengths[this.#first] ?? 0
    while (this.#firstOffset + pieceBytes <= offset) {
      this.#pieces[this.#first] = noBytes
      this.#firstOffset += pieceBytes
      this.#first += 1
      pieceBytes = this.#lengths[this.#first] ?? 0
    }
    if (this.#first >= 64 && this.#first * 2 >= this.#pieces.length) this.#compact()
  }

  /** Forgets everything; nothing can be read or appended any more. */
  dispose(): void {
    this.start = this.end
    this.#clear()
  }

  #seek(offset: number): void {
    if (this.#cursor < this.#first || offset < this.#cursorOffset) {
      this.#cursor = this.#first
      this.#cursorOffset = this.#firstOffset
    }
    let pieceBytes = this.#lengths[this.#cursor] ?? 0
    while (this.#cursor < this.#pieces.length && this.#cursorOffset + pieceBytes <= offset) {
      // The open block may grow: the cursor waits in it.
      if (this.#cursor === this.#pieces.length - 1) break
      this.#cursorOffset += pieceBytes
      this.#cursor += 1
      pieceBytes = this.#lengths[this.#cursor] ?? 0
    }
  }

  #appendCopy(bytes: Uint8Array): void {
    let from = 0
    while (from < bytes.length) {
      const block = this.#openBlock()
      const taken = Math.min(bytes.length - from, block.length - this.#blockUsed)
      block.set(taken === bytes.length ? bytes : bytes.subarray(from, from + taken), this.#blockUsed)
      const last = this.#lengths.length - 1
      this.#lengths[last] = (this.#lengths[last] ?? 0) + taken
      this.#blockUsed += taken
      from += taken
    }
  }

  #openBlock(): Uint8Array {
    const block = this.#block
    if (block && this.#blockUsed < block.length) return block
    const bytes = block ? Math.min(block.length * 4, maxBlockBytes) : firstBlockBytes
    const fresh = new Uint8Array(bytes)
    this.#push(fresh, 0)
    this.#block = fresh
    this.#blockUsed = 0
    return fresh
  }

  #push(piece: Uint8Array, length: number): void {
    this.#pieces.push(piece)
    this.#lengths.push(length)
    this.#block = undefined
  }

  #clear(): void {
    if (this.#pieces.length > 0) {
      this.#pieces = []
      this.#lengths = []
    }
    this.#first = 0
    this.#firstOffset = this.end
    this.#cursor = 0
    this.#cursorOffset = this.end
    this.#block = undefined
  }

  #compact(): void {
    this.#pieces.splice(0, this.#first)
    this.#lengths.splice(0, this.#first)
    this.#cursor = Math.max(0, this.#cursor - this.#first)
    if (this.#cursor === 0) this.#cursorOffset = this.#firstOffset
    this.#first = 0
  }
}

const noBytes = new Uint8Array(0)
