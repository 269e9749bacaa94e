import { RelayError } from '@postern/protocol'
import { isAddress } from '../names/host-name.ts'
import type { ConnectorState } from './connector-state.ts'
import { loopbackAddress } from './loopback-address.ts'
import { isPortTaken, type ProbedPort } from './port-probe.ts'

/** What an {@link AddressBook} works with. */
export interface AddressBookOptions {
  readonly state: ConnectorState
  /** Addresses that stand for other hosts, such as those of the hosts file. */
  readonly isForeign?: (address: string, host: string) => boolean
  /** True where nobody else opens ports, and a host that is an address can have this address. Default false. */
  readonly isOwnNetwork?: boolean
  /** Default: looks. */
  readonly isPortTaken?: (port: ProbedPort) => Promise<boolean>
}

/** Of four million addresses so many in a row are never taken by chance. */
const maxAttempts = 64
/** Connectors of one machine with the same endpoint have an address each; beyond so many the port is taken at all of them. */
const maxTaken = 32

/** Gives every host a loopback address of its own, the same one for ever. */
export class AddressBook {
  readonly #options: AddressBookOptions
  readonly #addresses = new Map<string, string>()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: AddressBookOptions) {
    this.#options = options
  }

  /**
   * The address of a host. The first time it is made sure that nobody else has the address, or the ports there.
   *
   * @throws {RelayError} InvalidConfiguration when no address is free.
   */
  addressOf(host: string, ports: readonly Omit<ProbedPort, 'address'>[]): Promise<string> {
    const given = this.#turn.then(() => this.#addresses.get(host) ?? this.#give(host, ports))
    this.#turn = given.catch(() => {})
    return given
  }

  /** Another address, after somebody was quicker to open a port at the one that was given. */
  another(host: string, ports: readonly Omit<ProbedPort, 'address'>[]): Promise<string> {
    const given = this.#turn.then(() => {
      this.#addresses.delete(host)
      return this.#give(host, ports)
    })
    this.#turn = given.catch(() => {})
    return given
  }

  async #give(host: string, ports: readonly Omit<ProbedPort, 'address'>[]): Promise<string> {
    const { state, isForeign = () => false, isOwnNetwork = false } = this.#options
    if (isOwnNetwork && isAddress(host)) return this.#keep(host, host)
    const others = new Set(this.#addresses.values())
    const taken: string[] = []
    for (const address of candidates(host, state.addressOf(host))) {
      if (others.has(address) || isForeign(address, host)) continue
      if (await this.#isAnyTaken(address, ports)) taken.push(address)
      else return this.#keep(host, address)
      if (taken.length === maxTaken) break
    }
    const [first] = taken
    if (first !== undefined) return this.#keep(host, first)
    throw new RelayError('InvalidConfiguration', { message: `No loopback address is free for ${host}` })
  }

  async #isAnyTaken(address: string, ports: readonly Omit<ProbedPort, 'address'>[]): Promise<boolean> {
    const { isOwnNetwork = false, isPortTaken: probe = isPortTaken } = this.#options
    if (isOwnNetwork) return false
    const found = await Promise.all(ports.map((port) => probe({ address, ...port })))
    return found.includes(true)
  }

  async #keep(host: string, address: string): Promise<string> {
    this.#addresses.set(host, address)
    if (host === address) return address
    if (this.#options.state.addressOf(host) !== address) await this.#options.state.setAddress(host, address)
    return address
  }
}

function* candidates(host: string, known: string | undefined): Generator<string> {
  if (known !== undefined) yield known
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const address = loopbackAddress(host, attempt)
    if (address !== known) yield address
  }
}
