import { parseResource } from '../token-audiences.ts'

/** The host names by which clients may know the built-in identity. */
export class OwnHosts {
  readonly #hosts: ReadonlySet<string>

  constructor({ hosts }: { readonly hosts: readonly string[] }) {
    this.#hosts = new Set(hosts.map((host) => host.toLowerCase()))
  }

  /** Any port: mappings may lie between. */
  has(hostname: string): boolean {
    return this.#hosts.has(hostname.toLowerCase())
  }

  /**
   * Whether `aud` of a client assertion means our token endpoint (or, as some libraries write it, our issuer). Loopback
   * addresses count only for whoever came by the same one: an assertion made for another program on that machine is not ours.
   */
  isTokenEndpoint(audience: string, origin: string): boolean {
    const match = /^(https?:\/\/[^/?#@\\\s]+)((?:\/[^?#\\\s]*)?)$/i.exec(audience.slice(0, 1024))
    const [, text = '', path = ''] = match ?? []
    const asked = parseResource(text)
    if (asked === undefined || !tokenEndpointPath.test(path)) return false
    return this.has(asked.hostname) || (isLoopback(asked.hostname) && asked.origin === parseResource(origin)?.origin)
  }
}

/** `/{tenant}/oauth2/v2.0/token`, `/{tenant}/oauth2/token`, `/{tenant}/v2.0`, `/{tenant}`, or nothing; `/adfs` before a tenant. */
const tokenEndpointPath = /^(?:\/adfs)?(?:\/[\w.-]{1,128})?(?:\/oauth2(?:\/v2\.0)?\/token|\/v2\.0)?\/?$/i

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname)
}
