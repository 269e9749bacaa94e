import { RelayError } from '@postern/protocol'

/** How a proxy is spoken to. `https` is `CONNECT` inside TLS; SOCKS is version 5. */
export type ProxyKind = 'http' | 'https' | 'socks5'

/** Name and password for a proxy. */
export interface ProxyCredentials {
  readonly user: string
  readonly password: string
}

const kinds: Readonly<Record<string, ProxyKind>> = {
  'http:': 'http',
  'https:': 'https',
  'socks5:': 'socks5',
  'socks5h:': 'socks5',
}

const defaultPorts: Readonly<Record<ProxyKind, number>> = { http: 80, https: 443, socks5: 1080 }

/** A proxy. Its credentials cannot be printed by accident: every text form of it leaves them out. */
export class ProxyServer {
  readonly kind: ProxyKind
  readonly host: string
  readonly port: number
  readonly #credentials: ProxyCredentials | undefined

  private constructor(kind: ProxyKind, url: URL) {
    this.kind = kind
    this.host = url.hostname.replace(/^\[(.*)\]$/, '$1')
    this.port = url.port === '' ? defaultPorts[kind] : Number(url.port)
    this.#credentials =
      url.username === '' && url.password === ''
        ? undefined
        : { user: decode(url.username), password: decode(url.password) }
  }

  /**
   * Reads `http://[user:password@]host[:port]`; also `https://`, `socks5://` and `socks5h://` (the two are one: names are
   * always resolved by the proxy). Without a scheme it is `http://`, as everywhere.
   *
   * @param source what the text came from, for the error: it never shows the text, which may hold a password.
   * @throws {RelayError} InvalidConfiguration
   */
  static parse(text: string, source: string): ProxyServer {
    const trimmed = text.trim()
    const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `http://${trimmed}`)
    const kind = url === null ? undefined : kinds[url.protocol]
    if (url === null || kind === undefined || url.hostname === '') {
      const problem =
        url !== null && kind === undefined ? `has the scheme ${url.protocol}//` : 'is no address of a proxy'
      throw new RelayError('InvalidConfiguration', {
        message: `${source} ${problem}: write http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT, with USER:PASSWORD@ before HOST if the proxy asks for them`,
      })
    }
    // RFC 1929 has one byte for each length, and Basic has a colon between the two.
    const proxy = new ProxyServer(kind, url)
    proxy.#check(source)
    return proxy
  }

  /** Whom to be at the proxy. */
  get credentials(): ProxyCredentials | undefined {
    return this.#credentials
  }

  /** `http://host:port`, without credentials. */
  toString(): string {
    const host = this.host.includes(':') ? `[${this.host}]` : this.host
    return `${this.kind}://${host}:${this.port}`
  }

  toJSON(): string {
    return this.toString()
  }

  #check(source: string): void {
    if (!this.#credentials) return
    const { user, password } = this.#credentials
    const isTooLong = this.kind === 'socks5' && [user, password].some((part) => Buffer.byteLength(part) > 255)
    if (!isTooLong && !user.includes(':') && user !== '') return
    throw new RelayError('InvalidConfiguration', {
      message: `${source} has credentials that cannot be sent: the name must not be empty or hold a colon, and SOCKS takes at most 255 bytes of each`,
    })
  }
}

/** What is no percent-encoding stands for itself, as people write passwords. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
