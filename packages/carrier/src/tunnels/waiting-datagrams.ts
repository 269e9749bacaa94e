/** Datagrams that wait, and their bytes; a network would drop them sooner. */
const maxWaiting = 64
const maxWaitingBytes = 65_536

/** Datagrams of one peer that wait while its way is made: a few are kept, the rest is dropped, as UDP may. */
export class WaitingDatagrams {
  #datagrams: Uint8Array[] = []
  #bytes = 0

  /** @returns false when it was dropped */
  keep(datagram: Uint8Array): boolean {
    if (this.#datagrams.length >= maxWaiting || this.#bytes + datagram.length > maxWaitingBytes) return false
    this.#bytes += datagram.length
    this.#datagrams.push(datagram)
    return true
  }

  /** All of them in their order; none are kept any more. */
  take(): readonly Uint8Array[] {
    const datagrams = this.#datagrams
    this.#datagrams = []
    this.#bytes = 0
    return datagrams
  }
}
