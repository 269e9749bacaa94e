/** What decides whether a connection may go a way. */
export interface Routed {
  readonly sni?: readonly string[]
  readonly hosts?: readonly string[]
  readonly tls: 'pass' | 'terminate'
}

/** Finds the way of a connection among the entries of one port. Does not change. */
export class IngressRoutes<Route extends { readonly entry: Routed }> {
  /** The only way of a port that is not shared. */
  readonly only: Route | undefined
  /** The only way of a port, shared or not. */
  readonly sole: Route | undefined
  /** What all entries of a port have in common can be asked of this one. */
  readonly any: Route | undefined
  /** At least one way is by HTTP. */
  readonly hasHosts: boolean
  readonly #bySni: ReadonlyMap<string, Route>
  readonly #byTlsHost: ReadonlyMap<string, Route>
  readonly #byPlainHost: ReadonlyMap<string, Route>

  constructor(routes: readonly Route[]) {
    this.only = routes.find(({ entry }) => entry.sni === undefined && entry.hosts === undefined)
    this.any = routes[0]
    this.sole = routes.length === 1 ? routes[0] : undefined
    this.hasHosts = routes.some(({ entry }) => entry.hosts !== undefined)
    this.#bySni = mapOf(routes, ({ sni }) => sni)
    this.#byTlsHost = mapOf(routes, ({ hosts, tls }) => (tls === 'terminate' ? hosts : undefined))
    this.#byPlainHost = mapOf(routes, ({ hosts, tls }) => (tls === 'terminate' ? undefined : hosts))
  }

  /** For the name of a ClientHello: an entry with `sni`, else one with `hosts` whose TLS ends here. */
  byServerName(name: string): Route | undefined {
    return find(this.#bySni, name) ?? find(this.#byTlsHost, name)
  }

  /** For the Host header of a request; `host` carries no port. */
  byHost(host: string, isTls: boolean): Route | undefined {
    return find(isTls ? this.#byTlsHost : this.#byPlainHost, host)
  }
}

function mapOf<Route extends { readonly entry: Routed }>(
  routes: readonly Route[],
  namesOf: (entry: Routed) => readonly string[] | undefined,
): ReadonlyMap<string, Route> {
  return new Map(routes.flatMap((route) => (namesOf(route.entry) ?? []).map((name) => [name, route] as const)))
}

/** A wildcard stands for one label. RFC 9525 section 6.3 */
function find<Route>(routes: ReadonlyMap<string, Route>, name: string): Route | undefined {
  const plain = name.toLowerCase().replace(/\.$/, '')
  return routes.get(plain) ?? routes.get(`*${plain.slice(plain.indexOf('.'))}`)
}
