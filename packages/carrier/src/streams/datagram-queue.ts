import { maxWaitingDatagramBytes } from '../carrier-limits.ts'

/** Datagrams that wait to be sent: the oldest give way. */
export class DatagramQueue {
  #waiting: Uint8Array[] = []
  #bytes = 0

  get first(): Uint8Array | undefined {
    return this.#waiting[0]
  }

  get bytes(): number {
    return this.#bytes
  }

  add(datagram: Uint8Array): void {
    this.#waiting.push(datagram)
    this.#bytes += costOf(datagram)
    while (this.#bytes > maxWaitingDatagramBytes) this.shift()
  }

  shift(): void {
    const first = this.#waiting.shift()
    if (first) this.#bytes -= costOf(first)
  }

  clear(): void {
    this.#waiting = []
    this.#bytes = 0
  }
}

/** Empty datagrams cost something too. */
function costOf(datagram: Uint8Array): number {
  return datagram.length + 64
}
