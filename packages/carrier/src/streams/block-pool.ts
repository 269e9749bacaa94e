/** Blocks of one size for whoever needs one for a while. What busy streams use again, no garbage collector has to find. */
export class BlockPool {
  readonly blockBytes: number
  readonly #maxFree: number
  readonly #free: Uint8Array[] = []

  /** @param options.maxFree free blocks that are kept for the next taker */
  constructor({ blockBytes, maxFree }: { readonly blockBytes: number; readonly maxFree: number }) {
    this.blockBytes = blockBytes
    this.#maxFree = maxFree
  }

  /** Blocks that wait for the next taker. */
  get freeCount(): number {
    return this.#free.length
  }

  /** What is in it is what the last one has left. */
  take(): Uint8Array {
    return this.#free.pop() ?? new Uint8Array(this.blockBytes)
  }

  /** Takes a block back, of which nobody has kept a part. Anything that did not come from `take` is left alone. */
  give(block: Uint8Array): void {
    if (block.length === this.blockBytes && this.#free.length < this.#maxFree) this.#free.push(block)
  }
}
