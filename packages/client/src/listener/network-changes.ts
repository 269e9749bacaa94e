import { networkInterfaces } from 'node:os'

/** What {@link NetworkChanges} looks at; all default to the machine's own. */
export interface NetworkSenses {
  /** A clock that stands still while the machine sleeps, ms. */
  readonly now: () => number
  /** The time of day, ms since 1970. */
  readonly date: () => number
  readonly interfaces: typeof networkInterfaces
}

/** More than a busy machine withholds from a timer, or an adjusted clock jumps. */
const notableMs = 3_000

/**
 * Notices that the machine slept, that the process was stopped, or that the machine has other addresses than before: what is
 * known of the network is old then. A silent failure somewhere on the way is not seen here.
 */
export class NetworkChanges {
  readonly #senses: NetworkSenses
  #nowMs: number
  #dateMs: number
  #addresses: string
  /** Addresses by which others are reached. */
  #external: ReadonlySet<string> = new Set()

  constructor(senses: Partial<NetworkSenses> = {}) {
    this.#senses = { now: () => performance.now(), date: Date.now, interfaces: networkInterfaces, ...senses }
    this.#nowMs = this.#senses.now()
    this.#dateMs = this.#senses.date()
    this.#addresses = this.#readAddresses()
  }

  /** True when something has changed since the last look, which was meant to be `intervalMs` ago. */
  look(intervalMs: number): boolean {
    const nowMs = this.#senses.now()
    const dateMs = this.#senses.date()
    const addresses = this.#readAddresses()
    const wasStopped = nowMs - this.#nowMs > intervalMs + notableMs
    // Of the two clocks only one goes on in a sleep. A clock that was set looks the same, and asking does no harm.
    const hasSlept = Math.abs(dateMs - this.#dateMs - (nowMs - this.#nowMs)) > notableMs
    const hasMoved = addresses !== this.#addresses
    this.#nowMs = nowMs
    this.#dateMs = dateMs
    this.#addresses = addresses
    return wasStopped || hasSlept || hasMoved
  }

  /** True when connections from this address of the machine are dead: at the last look it had others instead. */
  haveReplaced(address: string): boolean {
    const plain = address.replace(/^::ffff:|%.*$/gi, '')
    return this.#external.size > 0 && !isLoopback(plain) && !this.#external.has(plain)
  }

  /** Only those that are up are among them. */
  #readAddresses(): string {
    const interfaces = this.#senses.interfaces()
    const all = Object.values(interfaces).flatMap((addresses = []) => addresses.map(({ address }) => address))
    this.#external = new Set(all.filter((address) => !isLoopback(address)))
    return Object.entries(interfaces)
      .flatMap(([name, addresses = []]) => addresses.map(({ address }) => `${name} ${address}`))
      .toSorted()
      .join('\n')
  }
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.')
}
