import { BlockList, isIP, isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { RelayError } from '@postern/protocol'

/** Who may ask: this machine by any of its addresses, and the networks that are named. */
export class ClientNetworks {
  readonly #networks = new BlockList()

  /** @throws {RelayError} InvalidConfiguration */
  constructor(networks: readonly string[]) {
    this.#networks.addSubnet('127.0.0.0', 8, 'ipv4')
    this.#networks.addAddress('::1', 'ipv6')
    for (const network of networks) this.#add(network)
  }

  has(address: string): boolean {
    const plain = address.replace(/^::ffff:(?=[\d.]+$)/i, '').replace(/%.*$/, '')
    const family = isIPv6(plain) ? 'ipv6' : 'ipv4'
    return this.#networks.check(plain, family) || isOwn(plain)
  }

  #add(network: string): void {
    const [address = '', bits] = network.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    const maxBits = family === 'ipv6' ? 128 : 32
    const prefix = bits === undefined ? maxBits : /^\d{1,3}$/.test(bits) ? Number(bits) : maxBits + 1
    if (isIP(address) === 0 || prefix > maxBits) {
      throw new RelayError('InvalidConfiguration', {
        message: `dnsClients: "${network}" is no network: write it as 172.16.0.0/12`,
      })
    }
    this.#networks.addSubnet(address, prefix, family)
  }
}

/** Interfaces come and go. */
function isOwn(address: string): boolean {
  return Object.values(networkInterfaces()).some((list) => list?.some((each) => each.address === address))
}
