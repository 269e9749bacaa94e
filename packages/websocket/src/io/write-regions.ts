import { maskBuffer, takeMaskMemory } from '../mask/mask-memory.ts'

/** A TLS write of this size costs little more CPU than one of 16 KiB; twice as much gains nothing (measured). */
const regionBytes = 131_072

/** Free regions that are kept for the next busy connection: 8 MiB. As many are in mask memory, which cannot be given back. */
const maxFreeRegions = 64

/** What a quiet connection gathers in: a few small frames. */
export const smallRegionBytes = 2048

/** Small ones that are kept: 1 MiB. */
const maxFreeSmallRegions = 512

/** Buffers that connections share, large ones for the busy: one is out only while bytes wait in it. */
export class WriteRegions {
  readonly #free: Uint8Array[] = []
  readonly #freeSmall: Buffer[] = []
  #maskable = 0

  take(): Uint8Array {
    const free = this.#free.pop()
    if (free) return free
    if (this.#maskable === maxFreeRegions) return new Uint8Array(regionBytes)
    this.#maskable += 1
    return takeMaskMemory(regionBytes)
  }

  /** One of {@link smallRegionBytes}. */
  takeSmall(): Buffer {
    return this.#freeSmall.pop() ?? Buffer.allocUnsafe(smallRegionBytes)
  }

  /** Anything that was not taken here is left to the garbage collector. */
  give(region: Uint8Array): void {
    if (region.length === smallRegionBytes && region instanceof Buffer) this.#giveSmall(region)
    if (region.length !== regionBytes) return
    if (this.#free.length < maxFreeRegions) this.#free.push(region)
    else if (region.buffer === maskBuffer) this.#displaceOrdinary(region)
  }

  /** Regions that wait for the next taker. */
  get freeCount(): number {
    return this.#free.length
  }

  #giveSmall(region: Buffer): void {
    if (this.#freeSmall.length < maxFreeSmallRegions) this.#freeSmall.push(region)
  }

  /** After more were out at a time than are kept. */
  #displaceOrdinary(region: Uint8Array): void {
    const at = this.#free.findIndex(({ buffer }) => buffer !== maskBuffer)
    if (at >= 0) this.#free[at] = region
  }
}

/** Those of the process, for all that is not told to use others. Memory and nothing else: no connection hears of another. */
export const sharedRegions: WriteRegions = new WriteRegions()
