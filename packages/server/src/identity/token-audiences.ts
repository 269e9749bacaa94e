/** What a token is good for: the management plane, or listening and sending at the data plane. */
export type TokenAudience = 'management' | 'data'

export interface PortsInUse {
  readonly data: number
  readonly management: number
  /** By which others reach the data door, where that is another one. */
  readonly publicData?: number
}

export interface TokenAudiencesOptions {
  /** Origin of the built-in issuer: always a name of the management plane. */
  readonly issuerOrigin: () => string
  readonly publicHost: string
  /** Lower case. */
  readonly managementHosts: readonly string[]
  readonly ports: () => PortsInUse
  /** Whether a namespace answers at this host by name, the default one aside. */
  readonly isNamespaceHost: (host: string) => boolean
}

/** What the clients ask for by default: `https://management.azure.com/.default` and the like (observed). */
const azureAudiences: ReadonlyMap<string, TokenAudience> = new Map([
  ['management.azure.com', 'management'],
  ['management.core.windows.net', 'management'],
  ['relay.azure.net', 'data'],
])

/** Longest resource or `aud` that is looked at. */
const maxResourceLength = 512

/** Tells which plane a resource (`aud` of a token, `resource` or scope of a token request) stands for. */
export class TokenAudiences {
  readonly #options: TokenAudiencesOptions

  constructor(options: TokenAudiencesOptions) {
    this.#options = options
  }

  /** The audience of tokens for the management plane, when the client's own spelling cannot be known later. */
  get management(): string {
    return this.#options.issuerOrigin()
  }

  /** Undefined for what is no audience of this relay. Trailing slashes, case and scheme do not matter. */
  kindOf(resource: string): TokenAudience | undefined {
    const url = parseResource(resource)
    if (url === undefined) return undefined
    const { hostname, origin } = url
    const azure = url.port === '' ? azureAudiences.get(hostname) : undefined
    if (azure) return azure
    const { issuerOrigin, managementHosts, publicHost, isNamespaceHost } = this.#options
    if (origin === parseResource(issuerOrigin())?.origin || managementHosts.includes(hostname)) return 'management'
    if (hostname === publicHost) return this.#kindOfPort(url)
    return isNamespaceHost(hostname) ? 'data' : undefined
  }

  /** With one port for both, the management hosts have been looked at before. */
  #kindOfPort(url: URL): TokenAudience | undefined {
    const port = Number(url.port || 443)
    const { data, management, publicData } = this.#options.ports()
    if (port === data) return 'data'
    if (port === management) return 'management'
    return port === publicData ? 'data' : undefined
  }
}

/** An origin with nothing behind it but slashes; undefined for anything else. */
export function parseResource(resource: string): URL | undefined {
  if (resource.length > maxResourceLength) return undefined
  const match = /^(?:https?|sb|wss):\/\/([^/?#@\\\s]+)\/*$/i.exec(resource)
  if (match === null) return undefined
  const text = `https://${match[1]}`
  return URL.canParse(text) ? new URL(text) : undefined
}
