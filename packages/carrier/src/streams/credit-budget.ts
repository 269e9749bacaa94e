/** What the windows and replay buffers of a process may grow by together. Share one among all sessions. */
export class CreditBudget {
  readonly totalBytes: number
  #usedBytes = 0

  constructor(totalBytes = 67_108_864) {
    this.totalBytes = totalBytes
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  /** @returns false when that much is not left */
  take(bytes: number): boolean {
    if (this.#usedBytes + bytes > this.totalBytes) return false
    this.#usedBytes += bytes
    return true
  }

  give(bytes: number): void {
    this.#usedBytes -= bytes
  }
}
