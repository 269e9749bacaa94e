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

/** Reads datagrams from chunks of any size. What is kept is less than one datagram. */
export class DatagramDecoder {
  #kept: Uint8Array = new Uint8Array(0)

  /** Takes the next chunk and returns the datagrams that are whole now. */
  push(chunk: Uint8Array): readonly Uint8Array[] {
    const bytes = this.#kept.length === 0 ? chunk : Buffer.concat([this.#kept, chunk])
    const datagrams: Uint8Array[] = []
    let at = 0
    for (;;) {
      const [high, low] = bytes.subarray(at, at + lengthBytes)
      if (high === undefined || low === undefined) break
      const end = at + lengthBytes + high * 256 + low
      if (end > bytes.length) break
      datagrams.push(bytes.subarray(at + lengthBytes, end))
      at = end
    }
    // A copy: what is kept shall not hold a large chunk of which it is the last bytes.
    this.#kept = new Uint8Array(bytes.subarray(at))
    return datagrams
  }
}
