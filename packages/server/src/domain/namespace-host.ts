import type { Namespace } from './namespace.ts'

/** Names under which a relay can be reached. */
export interface RelayHosts {
  /** Host of the relay itself. */
  readonly publicHost: string
  /** Namespaces answer for `{name}.{baseDomain}`. */
  readonly baseDomain: string
}

/** The host of a namespace for those who look for it. The default one answers for every host, others for their own names. */
export function namespaceHost(
  { name, hosts, isDefault }: Pick<Namespace, 'name' | 'hosts' | 'isDefault'>,
  { publicHost, baseDomain }: RelayHosts,
): string {
  return isDefault ? publicHost : (hosts[0] ?? `${name.toLowerCase()}.${baseDomain}`)
}
