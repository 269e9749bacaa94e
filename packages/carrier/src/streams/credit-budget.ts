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
  #usedBytes = 0
  #streams = 0

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
