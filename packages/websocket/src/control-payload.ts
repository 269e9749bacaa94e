import { xorRegion } from './mask/xor-mask.ts'

/** Collects the payload of one control frame, at most 125 bytes, over any chunking. */
export class ControlPayload {
  readonly #bytes = new Uint8Array(125)
  #length = 0
  #wanted = 0
  #maskKey = 0

  begin(length: number, maskKey: number): void {
    this.#length = 0
    this.#wanted = length
    this.#maskKey = maskKey
  }

  /** @returns where the frame's payload ends in this chunk, or `end` when more is to come */
  read(chunk: Uint8Array, at: number, end: number): number {
    const count = Math.min(end - at, this.#wanted - this.#length)
    this.#bytes.set(chunk.subarray(at, at + count), this.#length)
    this.#length += count
    return at + count
  }

  get isComplete(): boolean {
    return this.#length === this.#wanted
  }

  /** The payload unmasked, a copy of its own. */
  take(): Uint8Array {
    const payload = this.#bytes.slice(0, this.#length)
    xorRegion(payload, 0, 0, payload.length, this.#maskKey, 0)
    return payload
  }
}
