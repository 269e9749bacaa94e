// How azbridge carries UDP on a relayed connection: each datagram is one message of two bytes of length, the higher one
// first, and the payload. Observed: recorded conversations with azbridge 693a395. Message borders carry no meaning to us,
// but azbridge reads a datagram badly when it comes in pieces: each is sent in one message.

const lengthBytes = 2

/** No datagram is longer than this: the length has two bytes. */
export const maxDatagramBytes = 65_535

/** Puts the length in front of a datagram. */
export function encodeDatagram(payload: Uint8Array): Uint8Array {
  const framed = new Uint8Array(lengthBytes + payload.length)
  framed[0] = payload.length >> 8
  framed[1] = payload.length & 0xff
  framed.set(payload, lengthBytes)
  return framed
}

/** What is kept of a datagram begins with room for this much, and grows with what comes. */
const firstKeptBytes = 2_048

/** Reads datagrams from chunks of any size. What is kept is less than one datagram, and is copied only a few times. */
export class DatagramDecoder {
  #kept = new Uint8Array(0)
  #keptBytes = 0

  /** Takes the next chunk and returns the datagrams that are whole now. */
  push(chunk: Uint8Array): readonly Uint8Array[] {
    const datagrams: Uint8Array[] = []
    let at = 0
    while (this.#keptBytes > 0 && at < chunk.length) {
      at = this.#keep(chunk, at, this.#missingBytes)
      if (this.#missingBytes > 0) continue
      datagrams.push(this.#kept.slice(lengthBytes, this.#keptBytes))
      this.#keptBytes = 0
    }
    for (;;) {
      const end = endOf(chunk, at)
      if (end > chunk.length) break
      datagrams.push(chunk.subarray(at + lengthBytes, end))
      at = end
    }
    if (at < chunk.length) this.#keep(chunk, at, chunk.length - at)
    else if (this.#keptBytes === 0) this.#kept = nothing
    return datagrams
  }

  /** Bytes without which nothing more is known of the datagram that is kept. */
  get #missingBytes(): number {
    return endOf(this.#kept.subarray(0, this.#keptBytes), 0) - this.#keptBytes
  }

  #keep(chunk: Uint8Array, at: number, most: number): number {
    const end = Math.min(chunk.length, at + most)
    const bytes = this.#keptBytes + end - at
    if (bytes > this.#kept.length) {
      const larger = new Uint8Array(Math.max(bytes, firstKeptBytes, 2 * this.#kept.length))
      larger.set(this.#kept.subarray(0, this.#keptBytes))
      this.#kept = larger
    }
    this.#kept.set(chunk.subarray(at, end), this.#keptBytes)
    this.#keptBytes = bytes
    return end
  }
}

const nothing = new Uint8Array(0)

/** Where the datagram ends that begins at `at`; where its length ends, as long as that is not there. */
function endOf(bytes: Uint8Array, at: number): number {
  const [high, low] = bytes.subarray(at, at + lengthBytes)
  return high === undefined || low === undefined ? at + lengthBytes : at + lengthBytes + high * 256 + low
}
