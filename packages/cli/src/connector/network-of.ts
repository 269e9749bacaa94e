import type { ConnectorSettings } from '@postern/connector'
import { applyNetworkFlags, type Secret } from '@postern/program'

/** Trusts what is to be trusted, and gives the proxy. @throws {RelayError} InvalidConfiguration */
export function networkOf({ options }: ConnectorSettings): Promise<Secret | undefined> {
  const { tlsCa, proxy } = options
  return applyNetworkFlags({ tlsCa, ...(proxy !== undefined && { proxy }) })
}
