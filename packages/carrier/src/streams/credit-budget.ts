import { minShortPathWindowBytes, shortPathBytes } from '../carrier-limits.ts'
import { BlockPool } from './block-pool.ts'

/** What a stream in a hurry sends at once: half of what one read of a socket brings. */
const blockBytes = 65_536

/**
 * 16 MiB, as much as all busy streams share on short paths. With half of that every sixth block was a new one, and the garbage collector
 * had 10 % of a bulk stream's CPU time (measured).
 */
const maxFreeBlocks = 256

/** What a quiet stream begins with, each time that it has something to say. */
const smallBlockBytes = 1024
const maxFreeSmallBlocks = 1024

/** What all sessions of a process share. */
export interface CreditBudgetOptions {
  /** What windows and replay buffers may grow by together. */
  readonly totalBytes?: number
  /** Streams of all sessions: each may fill its first window and its first replay buffer before it costs any of the bytes above. */
  readonly maxStreams?: number
}

/**
 * What the streams of a process may cost together, so that it does not matter how many peers there are. Share one among all
 * sessions.
 */
export class CreditBudget {
  readonly totalBytes: number
  readonly maxStreams: number
  /** Replay buffers of busy streams are made of these. */
  readonly blocks: BlockPool = new BlockPool({ blockBytes, maxFree: maxFreeBlocks })
  /** And those of quiet ones begin with one of these. */
  readonly smallBlocks: BlockPool = new BlockPool({ blockBytes: smallBlockBytes, maxFree: maxFreeSmallBlocks })
  #usedBytes = 0
  #streams = 0
  #busyStreams = 0

  constructor({ totalBytes = 67_108_864, maxStreams = 16_384 }: CreditBudgetOptions = {}) {
    this.totalBytes = totalBytes
    this.maxStreams = maxStreams
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  get streamCount(): number {
    return this.#streams
  }

  /** How far a window may grow where the round trip is short. */
  get shortPathWindowBytes(): number {
    return Math.max(minShortPathWindowBytes, Math.floor(shortPathBytes / Math.max(1, this.#busyStreams)))
  }

  /** Counts a stream that uses up its window as fast as it is granted, until {@link CreditBudget.removeBusy}. */
  addBusy(): void {
    this.#busyStreams += 1
  }

  removeBusy(): void {
    this.#busyStreams -= 1
  }

  /**
   * Takes bytes for someone who holds some already. Nobody gets more than he leaves for others: so the first ones that are
   * fast, or pretend to be, do not keep everybody else at the beginning.
   *
   * @returns false when that much is not left
   */
  take(bytes: number, heldBytes: number): boolean {
    const leftBytes = this.totalBytes - this.#usedBytes - bytes
    if (heldBytes + bytes > leftBytes) return false
    this.#usedBytes += bytes
    return true
  }

  /** Takes `most`, or where that is not left as much as is held already. @returns what was taken; 0 for nothing */
  takeMost(most: number, heldBytes: number): number {
    if (most > 0 && this.take(most, heldBytes)) return most
    return heldBytes > 0 && heldBytes < most && this.take(heldBytes, heldBytes) ? heldBytes : 0
  }

  give(bytes: number): void {
    this.#usedBytes -= bytes
  }

  /** Counts one more stream. @returns false when there are as many as there may be */
  addStream(): boolean {
    if (this.#streams >= this.maxStreams) return false
    this.#streams += 1
    return true
  }

  removeStream(): void {
    this.#streams -= 1
  }
}
