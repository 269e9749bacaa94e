/**
 * Bytes that come in pieces and are wanted as one. One growing buffer: a list of pieces would let each byte that comes alone cost
 * hundreds.
 */
export class GatheredBytes {
  #buffer: Buffer<ArrayBuffer> = Buffer.alloc(0)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Copies them. */
  add(bytes: Uint8Array): void {
    const length = this.#length + bytes.length
    if (length > this.#buffer.length) this.#grow(Math.max(length, 2 * this.#buffer.length))
    this.#buffer.set(bytes, this.#length)
    this.#length = length
  }

  /** All so far, not copied. */
  whole(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  #grow(length: number): void {
    const larger = Buffer.allocUnsafeSlow(length)
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
  }
}
