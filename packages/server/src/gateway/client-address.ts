import type { IncomingHttpHeaders } from 'node:http'
import type { RemoteEndpoint } from '../domain/remote-endpoint.ts'

/** Decides the true source of connections and requests behind trusted proxies. */
export interface ClientAddressOptions {
  /** Addresses and networks (`10.0.0.0/8`, `fd00::/8`, `192.0.2.7`) of proxies whose word is taken. */
  readonly trustedProxies: readonly string[]
}

export class ClientAddress {
  readonly #options: ClientAddressOptions

  constructor(options: ClientAddressOptions) {
    this.#options = options
  }

  isTrusted(address: string): boolean {
    return this.#options.trustedProxies.includes(address)
  }

  ofRequest(peer: RemoteEndpoint, _headers: IncomingHttpHeaders): RemoteEndpoint {
    return peer
  }
}
