import type { IncomingHttpHeaders } from 'node:http'
import { BlockList, isIP } from 'node:net'
import { RelayError } from '@postern/protocol'
import { canonicalAddress } from '../../domain/canonical-address.ts'
import type { RemoteEndpoint } from '../../domain/remote-endpoint.ts'
import { readForwardedFor, readXForwardedFor } from './client-address-headers.ts'

export interface ClientAddressOptions {
  /** Addresses and networks (`10.0.0.0/8`, `fd00::/8`, `192.0.2.7`) of proxies whose word is taken. */
  readonly trustedProxies: readonly string[]
  /**
   * The one header that the trusted proxies write. Only one is read: a proxy that writes one of them may pass the other
   * on as the client invented it. Default `x-forwarded-for`.
   */
  readonly forwardingHeader?: 'x-forwarded-for' | 'forwarded'
}

/** Decides the true source of connections and requests that may have come through proxies. */
export class ClientAddress {
  readonly #trusted = new BlockList()
  readonly #readHeader: (headers: IncomingHttpHeaders) => (RemoteEndpoint | undefined)[]

  /** @throws {RelayError} InvalidConfiguration when an entry is neither an address nor a network */
  constructor(options: ClientAddressOptions) {
    for (const entry of options.trustedProxies) {
      addNetwork(this.#trusted, entry)
    }
    this.#readHeader =
      options.forwardingHeader === 'forwarded'
        ? (headers) => readForwardedFor(headers.forwarded ?? '')
        : (headers) => readXForwardedFor(String(headers['x-forwarded-for'] ?? ''))
  }

  /** @param address in canonical form */
  isTrusted(address: string): boolean {
    const version = isIP(address)
    return version !== 0 && this.#trusted.check(address, version === 6 ? 'ipv6' : 'ipv4')
  }

  /**
   * Walks the forwarding header from its end towards the client and stops at the first hop that is no trusted proxy,
   * or whose predecessor cannot be read. What stands before that hop was written by a stranger and is not looked at.
   *
   * @param peer who opened the connection, after a PROXY header
   * @returns port 0 when the proxy did not tell it
   */
  ofRequest(peer: RemoteEndpoint, headers: IncomingHttpHeaders): RemoteEndpoint {
    if (!this.isTrusted(peer.address)) {
      return peer
    }
    let source = peer
    for (const hop of this.#readHeader(headers).reverse()) {
      if (hop === undefined) {
        break
      }
      source = hop
      if (!this.isTrusted(source.address)) {
        break
      }
    }
    return source
  }
}

function addNetwork(list: BlockList, entry: string): void {
  const [text = '', prefix, ...rest] = entry.trim().split('/')
  const address = canonicalAddress(text)
  const isMapped = address !== undefined && isIP(text) === 6 && isIP(address) === 4
  const bits = address !== undefined && isIP(address) === 6 ? 128 : 32
  const length = prefix === undefined ? bits : Number(prefix) - (isMapped ? 96 : 0)
  const isLength = prefix === undefined || /^\d{1,3}$/.test(prefix)
  if (address === undefined || rest.length > 0 || !isLength || length < 0 || length > bits) {
    throw new RelayError('InvalidConfiguration', {
      message: `"${entry}" in the list of trusted proxies is neither an IP address nor a network such as 10.0.0.0/8`,
    })
  }
  list.addSubnet(address, length, bits === 128 ? 'ipv6' : 'ipv4')
}
