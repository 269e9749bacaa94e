import { networkOf } from '../../domain/network-of.ts'

/** One unauthorised connection that is being counted. */
export interface Admission {
  /** False after `leave`. */
  readonly isCounted: boolean
  /**
   * Counts the connection for this address instead of the one before.
   * @returns false when the address has too many already; the connection is then counted for no address
   */
  claim(address: string): boolean
  /** Ends the counting. May be called twice. */
  leave(): void
}

export interface FrontDoorAdmissionOptions {
  readonly maxTotal: number
  readonly maxPerAddress: number
  /** A network has one counted connection less. */
  readonly onLeave?: (network: string) => void
}

/**
 * Counts connections whose client has shown no right yet. IPv6 clients are counted by their /64: that is what one
 * customer is given, so single addresses are free for an attacker.
 */
export class FrontDoorAdmission {
  readonly #options: FrontDoorAdmissionOptions
  readonly #perNetwork = new Map<string, number>()
  #total = 0

  constructor(options: FrontDoorAdmissionOptions) {
    this.#options = options
  }

  get total(): number {
    return this.#total
  }

  /** @returns `undefined` when there are too many in all */
  enter(): Admission | undefined {
    if (this.#total >= this.#options.maxTotal) {
      return undefined
    }
    this.#total++
    return new CountedConnection(this)
  }

  /** One connection is not counted any more. */
  leave(): void {
    this.#total--
  }

  /** @returns false when the network has too many already */
  add(network: string): boolean {
    const count = this.#perNetwork.get(network) ?? 0
    if (count >= this.#options.maxPerAddress) {
      return false
    }
    this.#perNetwork.set(network, count + 1)
    return true
  }

  remove(network: string): void {
    const count = this.#perNetwork.get(network) ?? 0
    if (count <= 1) {
      this.#perNetwork.delete(network)
    } else {
      this.#perNetwork.set(network, count - 1)
    }
    this.#options.onLeave?.(network)
  }
}

class CountedConnection implements Admission {
  isCounted = true
  readonly #counts: FrontDoorAdmission
  #network: string | undefined

  constructor(counts: FrontDoorAdmission) {
    this.#counts = counts
  }

  claim(address: string): boolean {
    const wanted = networkOf(address)
    if (!this.isCounted || wanted === this.#network) return true
    this.#release()
    if (!this.#counts.add(wanted)) return false
    this.#network = wanted
    return true
  }

  leave(): void {
    if (this.isCounted) this.#counts.leave()
    this.isCounted = false
    this.#release()
  }

  #release(): void {
    const left = this.#network
    this.#network = undefined
    if (left !== undefined) this.#counts.remove(left)
  }
}
