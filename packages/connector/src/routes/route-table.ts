import type { ConnectionOptions } from 'node:tls'
import { type CarrierMode, RelayWays, type ResumeRules, type SocketSource } from '@postern/bridge'
import type { Logger, Secret } from '@postern/program'
import { type AddressBook } from '../addresses/address-book.ts'
import { type ConnectorTarget, formatTarget } from '../names/endpoint-text.ts'
import { candidateHosts, isWildcard, matchesWildcard } from '../names/host-name.ts'
import { relayNamesOf } from './apart-from-relays.ts'
import { Route } from './route.ts'
import { concreteSpecs, type RouteSpec, routeKey } from './route-spec.ts'

/** What a {@link RouteTable} works with. */
export interface RouteTableOptions {
  readonly tls: ConnectionOptions | false
  readonly proxy: Secret | undefined
  readonly carriers: CarrierMode
  readonly resume?: ResumeRules | undefined
  readonly logger: Logger
  /** Where endpoints are to be listened for; undefined: nowhere. */
  readonly addresses: Pick<AddressBook, 'addressOf' | 'another'> | undefined
  /** Where ports are opened. Default: this machine's network. */
  readonly sockets?: SocketSource
  readonly searchDomains: readonly string[]
  /** The hosts and their addresses are others now. */
  readonly onChange: () => void
}

/** Names below wildcards that are remembered: each has an address and a port of its own. */
const maxWildcardNames = 1_024
/** Others that open the same port in the very moment between our look and our try. */
const maxMoves = 32
/** How long streams of an endpoint that was taken away may go on. */
const removalGraceMs = 2_000

/** All endpoints of a connector. A change of one touches no stream of another. */
export class RouteTable {
  readonly #options: RouteTableOptions
  readonly #routes = new Map<string, Route>()
  readonly #ways: RelayWays
  readonly #names = new Set<string>()
  #specs: readonly RouteSpec[] = []
  #relayNames: ReadonlySet<string> = new Set()
  #turn: Promise<void> = Promise.resolve()

  constructor(options: RouteTableOptions) {
    this.#options = options
    this.#ways = new RelayWays({ mode: options.carriers, resume: options.resume })
  }

  get routes(): readonly Route[] {
    return [...this.#routes.values()]
  }

  /** What is wanted, wildcards as such. */
  get specs(): readonly RouteSpec[] {
    return this.#specs
  }

  /** Every host that has an address, and the address. */
  get addresses(): ReadonlyMap<string, string> {
    return new Map(
      this.routes.flatMap(({ spec, address }) => (address === undefined ? [] : [[spec.host, address] as const])),
    )
  }

  /** Has exactly these endpoints from now on. Resolves when their ports are open, or have been tried. */
  set(specs: readonly RouteSpec[]): Promise<void> {
    this.#specs = specs
    this.#relayNames = relayNamesOf(specs)
    return this.#settle()
  }

  /** The endpoint that a program means, by its name, a search domain or a wildcard; a host by an address of ours too. */
  find({ host, port, protocol }: ConnectorTarget): Route | undefined {
    for (const candidate of this.#hostsOf(host)) {
      const route = this.#routes.get(routeKey({ host: candidate, port, protocol }))
      if (route) return route
      if (this.#remember(candidate)) {
        this.#update()
        void this.#settle()
        return this.#routes.get(routeKey({ host: candidate, port, protocol }))
      }
    }
    return undefined
  }

  /** The configured host that a name means, whatever the port; undefined for the rest of the world. */
  hostOf(name: string): string | undefined {
    return this.#hostsOf(name).find((host) => this.routes.some(({ spec }) => spec.host === host) || this.#isBelow(host))
  }

  /** The loopback address that stands for a name, which a wildcard may bring into being. */
  async addressOf(name: string): Promise<string | undefined> {
    const host = this.hostOf(name)
    if (host === undefined) return undefined
    if (this.#remember(host)) await this.#settle()
    return this.addresses.get(host)
  }

  /** Ends everything; streams may go on for `graceMs`. */
  async stop({ graceMs }: { readonly graceMs: number }): Promise<void> {
    this.#specs = []
    const routes = this.routes
    this.#routes.clear()
    await this.#turn
    await Promise.all(routes.map((route) => route.stop({ graceMs })))
    this.#ways[Symbol.dispose]()
  }

  #hostsOf(name: string): readonly string[] {
    const byAddress = [...this.addresses].filter(([, address]) => address === name).map(([host]) => host)
    return byAddress.length > 0 ? byAddress : candidateHosts(name, this.#options.searchDomains)
  }

  #isBelow(host: string): boolean {
    if (this.#relayNames.has(host)) return false
    return this.#specs.some((spec) => isWildcard(spec.host) && matchesWildcard(spec.host, host))
  }

  /** True when a name below a wildcard was not known yet. */
  #remember(host: string): boolean {
    if (this.#names.has(host) || this.#names.size >= maxWildcardNames || !this.#isBelow(host)) return false
    this.#names.add(host)
    return true
  }

  /** Brings routes into line with what is wanted; gives those that do not listen yet. */
  #update(): readonly Route[] {
    const wanted = concreteSpecs(this.#specs, this.#names)
    const added: Route[] = []
    for (const [key, route] of this.#routes) {
      const spec = wanted.get(key)
      if (spec && route.follow(spec)) continue
      this.#routes.delete(key)
      // The port is free at once; what is open may end.
      void route.stop({ graceMs: removalGraceMs })
    }
    for (const [key, spec] of wanted) {
      if (this.#routes.has(key)) continue
      const { tls, proxy, logger, sockets } = this.#options
      const route = new Route({ spec, tls, proxy, ways: this.#ways, logger, ...(sockets && { sockets }) })
      this.#routes.set(key, route)
      added.push(route)
    }
    return added
  }

  #settle(): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      const before = this.#fingerprint()
      this.#update()
      await this.#listen()
      if (this.#fingerprint() !== before) this.#options.onChange()
    })
    return this.#turn
  }

  async #listen(): Promise<void> {
    const { addresses } = this.#options
    if (!addresses) return
    const idle = this.routes.filter(({ address }) => address === undefined)
    for (const route of idle) {
      const { host } = route.spec
      const ports = this.routes.filter(({ spec }) => spec.host === host).map(({ spec }) => spec)
      try {
        const address = await addresses.addressOf(host, ports)
        const other = this.#listenerAt(address, route)
        if (other)
          route.refuse(
            `${address}:${route.spec.port} is ${formatTarget(other.spec)} already: with one address for all, a port number can lead to one endpoint only`,
          )
        else await this.#open(route, address, () => addresses.another(host, ports))
      } catch (error) {
        route.refuse((error as Error).message)
      }
    }
  }

  /** Connectors that start together find the same port free, and all but one of them move on. */
  async #open(route: Route, address: string, another: () => Promise<string>): Promise<void> {
    for (let at = address, moves = 0; ; moves += 1) {
      const problem = await route.listen(at)
      if (problem === undefined) return
      const next = this.#isAlone(route) && moves < maxMoves ? await another() : at
      if (next === at) {
        route.keepTrying(at, problem)
        return
      }
      at = next
    }
  }

  /** True when its host can still have another address: no other port of it is open. */
  #isAlone(route: Route): boolean {
    return this.routes.every((each) => each === route || each.spec.host !== route.spec.host || !each.address)
  }

  #listenerAt(address: string, { spec }: Route): Route | undefined {
    return this.routes.find(
      (each) => each.address === address && each.spec.port === spec.port && each.spec.protocol === spec.protocol,
    )
  }

  #fingerprint(): string {
    return JSON.stringify([...this.addresses])
  }
}
