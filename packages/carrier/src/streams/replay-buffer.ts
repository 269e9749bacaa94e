import type { BlockPool } from './block-pool.ts'

/** Where blocks come from, and go back to. */
export interface BlockPools {
  readonly blocks: BlockPool
  readonly smallBlocks: BlockPool
}

/** Quiet streams begin with a small block; each further one is four times as large, then they come from the pool of large ones. */
const maxOwnBlockBytes = 16_384

/**
 * The bytes of one direction that the peer has not confirmed, by offset: appended at the end, read from anywhere, forgotten
 * from the beginning. Keeps copies, in blocks that are used again: the buffers of the writer would live until the peer
 * confirms, and grow old for the garbage collector (measured: a third of the CPU time of a bulk stream).
 */
export class ReplayBuffer {
  /** Offset of the oldest byte. */
  start = 0
  /** Offset behind the newest byte. */
  end = 0
  readonly #pools: BlockPools
  #blocks: Uint8Array[] = []
  /** How much of each block counts: the last one is still being filled. */
  #lengths: number[] = []
  /** Blocks before this index are forgotten. */
  #first = 0
  #firstOffset = 0
  /** Where the last read ended: reads go on from there. */
  #cursor = 0
  #cursorOffset = 0

  constructor(pools: BlockPools) {
    this.#pools = pools
  }

  get bytes(): number {
    return this.end - this.start
  }

  /** Copies the bytes. */
  append(bytes: Uint8Array): void {
    let from = 0
    while (from < bytes.length) {
      const last = this.#blocks.length - 1
      const used = this.#lengths[last] ?? 0
      const block = this.#blocks[last]
      if (block === undefined || used === block.length) {
        this.#blocks.push(this.#newBlock(block, bytes.length - from))
        this.#lengths.push(0)
        continue
      }
      const taken = Math.min(bytes.length - from, block.length - used)
      block.set(taken === bytes.length ? bytes : bytes.subarray(from, from + taken), used)
      this.#lengths[last] = used + taken
      from += taken
    }
    this.end += bytes.length
  }

  /** Copies `length` bytes from `offset` on; they must be here. Plain numbers: this is the data path. */
  copyRange(target: Uint8Array, at: number, offset: number, length: number): void {
    this.#seek(offset)
    let to = at
    let from = offset - this.#cursorOffset
    let left = length
    while (left > 0) {
      const block = this.#blocks[this.#cursor]
      const blockBytes = this.#lengths[this.#cursor] ?? 0
      if (block === undefined) throw new RangeError('Bytes that are not in the replay buffer were asked for')
      const taken = Math.min(left, blockBytes - from)
      if (taken === block.length) target.set(block, to)
      else target.set(block.subarray(from, from + taken), to)
      to += taken
      left -= taken
      from += taken
      if (left === 0) return
      this.#cursor += 1
      this.#cursorOffset += blockBytes
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
    let blockBytes = this.#lengths[this.#first] ?? 0
    while (this.#firstOffset + blockBytes <= offset) {
      this.#give(this.#first)
      this.#blocks[this.#first] = noBytes
      this.#firstOffset += blockBytes
      this.#first += 1
      blockBytes = this.#lengths[this.#first] ?? 0
    }
    if (this.#first >= 64 && this.#first * 2 >= this.#blocks.length) this.#compact()
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
    let blockBytes = this.#lengths[this.#cursor] ?? 0
    while (this.#cursor < this.#blocks.length && this.#cursorOffset + blockBytes <= offset) {
      // The open block may grow: the cursor waits in it.
      if (this.#cursor === this.#blocks.length - 1) break
      this.#cursorOffset += blockBytes
      this.#cursor += 1
      blockBytes = this.#lengths[this.#cursor] ?? 0
    }
  }

  /** Behind `last`, for at least some of so many bytes. */
  #newBlock(last: Uint8Array | undefined, bytes: number): Uint8Array {
    const { blocks, smallBlocks } = this.#pools
    const grown = last ? last.length * 4 : smallBlocks.blockBytes
    if (bytes > maxOwnBlockBytes || grown > maxOwnBlockBytes) return blocks.take()
    return last ? new Uint8Array(grown) : smallBlocks.take()
  }

  #clear(): void {
    for (let i = this.#first; i < this.#blocks.length; i += 1) this.#give(i)
    this.#blocks.length = 0
    this.#lengths.length = 0
    this.#first = 0
    this.#firstOffset = this.end
    this.#cursor = 0
    this.#cursorOffset = this.end
  }

  #give(index: number): void {
    const block = this.#blocks[index]
    if (!block) return
    const { blocks, smallBlocks } = this.#pools
    if (block.length === smallBlocks.blockBytes) smallBlocks.give(block)
    else blocks.give(block)
  }

  #compact(): void {
    this.#blocks.splice(0, this.#first)
    this.#lengths.splice(0, this.#first)
    this.#cursor = Math.max(0, this.#cursor - this.#first)
    if (this.#cursor === 0) this.#cursorOffset = this.#firstOffset
    this.#first = 0
  }
}

const noBytes = new Uint8Array(0)
