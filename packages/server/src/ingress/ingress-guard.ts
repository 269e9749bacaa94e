import { BlockList, isIP } from 'node:net'
import type { IngressEntry } from '../domain/ingress-entry.ts'
import { parseNetworkMask } from '../domain/network-access.ts'

/** Answers by address alone; compiled once for an entry, which never changes. */
export class IngressGuard {
  /** Some load balancer stands before this port, and says who its clients are. */
  readonly hasProxies: boolean
  readonly #allowed: BlockList | undefined
  readonly #proxies: BlockList

  constructor({ allow, trustedProxies = [] }: Pick<IngressEntry, 'allow' | 'trustedProxies'>) {
    this.#allowed = allow && blockList(allow)
    this.hasProxies = trustedProxies.length > 0
    this.#proxies = blockList(trustedProxies)
  }

  /** Whether an address (in canonical form) may come. */
  allows(address: string): boolean {
    return this.#allowed === undefined || contains(this.#allowed, address)
  }

  /** Whether what an address says about its client is believed. */
  trusts(address: string): boolean {
    return contains(this.#proxies, address)
  }
}

function blockList(masks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const text of masks) {
    const mask = parseNetworkMask(text)
    if (mask) list.addSubnet(mask.address, mask.prefix, mask.family)
  }
  return list
}

function contains(list: BlockList, address: string): boolean {
  const version = isIP(address)
  return version !== 0 && list.check(address, version === 6 ? 'ipv6' : 'ipv4')
}
