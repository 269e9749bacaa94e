import { BlockList, isIP } from 'node:net'
import { type NetworkAccess, type NetworkActivity, parseNetworkMask } from './network-access.ts'

export interface NetworkQuestion {
  readonly activity: NetworkActivity
  /** Source address in canonical form. */
  readonly address: string
  /** It came through the private door. */
  readonly isPrivate: boolean
}

/** Answers whether an address may try at all; rules are compiled once for each value, which never changes. */
export class NetworkGuard {
  readonly #compiled = new WeakMap<NetworkAccess, Map<NetworkActivity, BlockList>>()

  allows(access: NetworkAccess, { activity, address, isPrivate }: NetworkQuestion): boolean {
    if (access.publicNetworkAccess === 'Disabled' && activity !== 'manage' && !isPrivate) return false
    const otherwise = access.defaultActions[activity] ?? (activity === 'manage' ? 'Allow' : access.defaultAction)
    if (otherwise === 'Allow') return true
    const version = isIP(address)
    if (version === 0) return false
    return this.#listOf(access, activity).check(address, version === 6 ? 'ipv6' : 'ipv4')
  }

  #listOf(access: NetworkAccess, activity: NetworkActivity): BlockList {
    const lists = this.#compiled.get(access) ?? new Map<NetworkActivity, BlockList>()
    this.#compiled.set(access, lists)
    const standing = lists.get(activity)
    if (standing) return standing
    const list = new BlockList()
    for (const { ipMask, appliesTo } of access.rules) {
      const mask = parseNetworkMask(ipMask)
      if (mask && (appliesTo === undefined || appliesTo.includes(activity))) {
        list.addSubnet(mask.address, mask.prefix, mask.family)
      }
    }
    lists.set(activity, list)
    return list
  }
}
