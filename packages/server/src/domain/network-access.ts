import { isIP } from 'node:net'

/** What a caller wants of a namespace, as far as network rules tell it apart. */
export type NetworkActivity = 'listen' | 'send' | 'manage'

export type NetworkAction = 'Allow' | 'Deny'

/** Lets an address or network in. */
export interface NetworkRule {
  /** `192.0.2.7`, `10.0.0.0/8`, `fd00::/8`. */
  readonly ipMask: string
  /** What it lets in for; all when absent. Azure knows no such distinction. */
  readonly appliesTo?: readonly NetworkActivity[]
}

/** Who may reach a namespace, by address alone. */
export interface NetworkAccess {
  /** Disabled: only the private door serves the namespace. */
  readonly publicNetworkAccess: 'Enabled' | 'Disabled'
  /** For listeners and senders that no rule names; `defaultActions` wins. */
  readonly defaultAction: NetworkAction
  /** One activity at a time. Management is Allow unless it stands here: Azure's rules do not reach its ARM either. */
  readonly defaultActions: Readonly<Partial<Record<NetworkActivity, NetworkAction>>>
  readonly rules: readonly NetworkRule[]
  /** Kept for clients that set it; nothing is trusted for it. */
  readonly trustedServiceAccessEnabled: boolean
}

export const openNetworkAccess: NetworkAccess = {
  publicNetworkAccess: 'Enabled',
  defaultAction: 'Allow',
  defaultActions: {},
  rules: [],
  trustedServiceAccessEnabled: false,
}

/** Says what is wrong with an `ipMask`, undefined when nothing is. */
export function networkMaskProblem(ipMask: string): string | undefined {
  return parseNetworkMask(ipMask) === undefined
    ? `"${ipMask.slice(0, 64)}" is neither an IP address nor a network such as 10.0.0.0/8 or fd00::/8`
    : undefined
}

export interface NetworkMask {
  readonly address: string
  readonly prefix: number
  readonly family: 'ipv4' | 'ipv6'
}

export function parseNetworkMask(text: string): NetworkMask | undefined {
  const [address = '', prefixText, ...rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return undefined
  const bits = version === 6 ? 128 : 32
  const prefix = prefixText === undefined ? bits : Number(prefixText)
  if ((prefixText !== undefined && !/^\d{1,3}$/.test(prefixText)) || prefix > bits) return undefined
  return { address, prefix, family: version === 6 ? 'ipv6' : 'ipv4' }
}
