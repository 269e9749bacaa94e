/** A TLS write of this size costs little more CPU than one of 16 KiB; twice as much gains nothing (measured). */
const regionBytes = 131_072

/** Free regions that are kept for the next busy connection: 8 MiB. */
const maxFreeRegions = 64

/** Large buffers that busy connections share: one is out only while bytes wait in it. */
export class WriteRegions {
  readonly #free: Uint8Array[] = []

  take(): Uint8Array {
    return this.#free.pop() ?? new Uint8Array(regionBytes)
  }

  /** Anything that did not come from `take` is left to the garbage collector. */
  give(region: Uint8Array): void {
    if (region.length === regionBytes && this.#free.length < maxFreeRegions) this.#free.push(region)
  }

  /** Regions that wait for the next taker. */
  get freeCount(): number {
    return this.#free.length
  }
}

/** Those of the process, for all that is not told to use others. Memory and nothing else: no connection hears of another. */
export const sharedRegions: WriteRegions = new WriteRegions()
