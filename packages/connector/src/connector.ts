import { EventEmitter, once } from 'node:events'
import type { Duplex } from 'node:stream'
import { type Logger, Secret, silentLogger } from '@postern/program'
import { RelayError } from '@postern/protocol'
import { AddressBook } from './addresses/address-book.ts'
import { ConnectorState } from './addresses/connector-state.ts'
import type { ConnectorEndpoint, ConnectorOptions } from './connector-options.ts'
import { type ConnectorTarget, formatTarget, parseTarget } from './names/endpoint-text.ts'
import { plainHost } from './names/host-name.ts'
import { readSearchDomains } from './names/search-domains.ts'
import { apartFromRelays } from './routes/apart-from-relays.ts'
import type { Route } from './routes/route.ts'
import { relayPlaceOf } from './routes/route-spec.ts'
import { RouteTable } from './routes/route-table.ts'
import type { ConnectorStatus } from './routes/status.ts'
import { AppFeed } from './sources/app-feed.ts'
import type { EndpointSource } from './sources/endpoint-source.ts'
import { fixedEndpoint } from './sources/fixed-endpoint.ts'
import { LearnedEndpoint } from './sources/learned-endpoint.ts'

/** Streams that are open when a connector stops may go on for so long. */
const defaultGraceMs = 10_000

/** Which endpoint is meant. */
export interface ConnectorPlace {
  readonly host: string
  readonly port: number
  /** Default `tcp`. */
  readonly protocol?: 'tcp' | 'udp'
}

/** Options of {@link Connector.connect}. */
export interface ConnectPlace extends ConnectorPlace {
  readonly signal?: AbortSignal
}

/** Events of a {@link Connector}. */
export interface ConnectorEvents {
  /** Hosts have got or lost their loopback address. */
  change: []
  /** A relay or an app has said something about endpoints. */
  answer: []
}

/**
 * Leads programs of this machine to private services by the services' own names: every endpoint host gets a loopback
 * address of its own, and what is opened there goes through the relay. It goes on whatever happens to a relay, until it is
 * stopped.
 *
 * @example
 * await using connector = new Connector({ endpoints: [{ endpoint: 'db.corp:5432', connectionString }] })
 * await connector.start()
 * const stream = await connector.connect({ host: 'db.corp', port: 5432 })
 */
export class Connector extends EventEmitter<ConnectorEvents> implements AsyncDisposable {
  readonly #options: ConnectorOptions
  readonly #logger: Logger
  #sources: readonly EndpointSource[] = []
  #table: RouteTable | undefined
  #problems = ''

  /** @throws {RelayError} InvalidConfiguration, InvalidConnectionString */
  constructor(options: ConnectorOptions) {
    super()
    this.#options = options
    this.#logger = options.logger ?? silentLogger
    for (const endpoint of options.endpoints ?? []) checkEndpoint(endpoint)
  }

  /** How it is doing. */
  get status(): ConnectorStatus {
    return {
      endpoints: this.#table?.routes.map(({ status }) => status) ?? [],
      problems: [...this.#sources.flatMap(({ problems }) => problems), ...this.#said.problems],
    }
  }

  /** Apps and relays that have not said yet which endpoints there are. */
  get awaited(): readonly string[] {
    return this.#sources.filter(({ isSettled }) => !isSettled).map(({ subject }) => subject)
  }

  /** Every endpoint host that has a loopback address, and the address. Programs reach all ports of the host there. */
  get addresses(): ReadonlyMap<string, string> {
    return this.#table?.addresses ?? new Map()
  }

  /** What is configured or attached now; hosts may be wildcards (`*.corp`). */
  get targets(): readonly ConnectorTarget[] {
    return this.#table?.specs.map(({ host, port, protocol }) => ({ host, port, protocol })) ?? []
  }

  /** Domains below which short names are looked for. */
  get searchDomains(): readonly string[] {
    return this.#options.searchDomains ?? readSearchDomains()
  }

  /**
   * Opens the ports of the endpoints that are known and begins to follow the others; no relay need be there yet. A port
   * that cannot be opened is tried again and shows in the status.
   *
   * @throws {RelayError} InvalidConfiguration when the state cannot be read.
   */
  async start(): Promise<void> {
    const { stateFolder, tls = {}, proxy, sockets } = this.#options
    const state = await ConnectorState.open(stateFolder)
    this.#table = new RouteTable({
      carriers: this.#options.carriers ?? 'auto',
      resume: this.#options.resume,
      tls,
      proxy,
      logger: this.#logger,
      addresses: this.#chooseAddresses(state),
      ...(sockets && { sockets }),
      searchDomains: this.searchDomains,
      onChange: () => this.emit('change'),
    })
    this.#sources = this.#makeSources(state)
    await this.#apply()
    if (this.#options.watch === false) return
    for (const source of this.#sources) source.start(() => void this.#apply())
  }

  /**
   * Resolves when every app and relay that was asked for endpoints has said something and what it said is in use, and when
   * the signal aborts.
   */
  async settled(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.awaited.length > 0) {
      await once(this, 'answer', { signal }).catch(() => {})
    }
    // Behind what is still being opened.
    await this.#table?.set(this.#said.wanted)
  }

  /** Asks apps and relays once which endpoints there are; what does not answer shows in the status. */
  async refresh(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#sources.map((source) => source.refresh(signal)))
    await this.#apply()
  }

  /** Takes nothing new; open streams may go on for `graceMs` (default 10 s), then they are cut. */
  async stop({ graceMs = defaultGraceMs }: { readonly graceMs?: number } = {}): Promise<void> {
    const sources = this.#sources
    this.#sources = []
    await Promise.all(sources.map((source) => source.stop()))
    await this.#table?.stop({ graceMs })
  }

  /** The same as {@link Connector.stop} without grace. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop({ graceMs: 0 })
  }

  /** The configured host that a name, a short name or a loopback address stands for; undefined for all others. */
  hostOf(name: string): string | undefined {
    return this.#table?.hostOf(name)
  }

  /** The host that has a loopback address. */
  hostAt(address: string): string | undefined {
    return [...this.addresses].find(([, each]) => each === address)?.[0]
  }

  /** The loopback address of a name; for a name below a wildcard it may come into being now. */
  async addressOf(name: string): Promise<string | undefined> {
    return this.#table?.addressOf(name)
  }

  /** True when {@link Connector.connect} leads somewhere. */
  has(place: ConnectorPlace): boolean {
    return this.#find(place) !== undefined
  }

  /**
   * Opens a stream to an endpoint through the relay.
   *
   * @throws {RelayError} ResourceNotFound when it is no endpoint of this connector; else as `Sender.connect`.
   */
  async connect({ signal, ...place }: ConnectPlace): Promise<Duplex> {
    return this.demandRoute(place).open(signal ? { signal } : {})
  }

  /** The way to an endpoint. @throws {RelayError} ResourceNotFound that says what there is instead. */
  demandRoute(place: ConnectorPlace): Route {
    const route = this.#find(place)
    if (route) return route
    const help = 'Those that there are: postern connector status'
    throw new RelayError('ResourceNotFound', { message: this.#absence(place), help })
  }

  /** The ways to all endpoints that are known now. */
  get routes(): readonly Route[] {
    return this.#table?.routes ?? []
  }

  #chooseAddresses(state: ConnectorState): Pick<AddressBook, 'addressOf' | 'another'> | undefined {
    const { listen = true, address, sockets, isForeignAddress: isForeign } = this.#options
    if (!listen) return undefined
    if (address !== undefined) {
      const always = (): Promise<string> => Promise.resolve(address)
      return { addressOf: always, another: always }
    }
    return new AddressBook({ state, ...(isForeign && { isForeign }), isOwnNetwork: sockets !== undefined })
  }

  #find({ host, port, protocol = 'tcp' }: ConnectorPlace): Route | undefined {
    return this.#table?.find({ host, port, protocol })
  }

  #absence({ host: name, port, protocol = 'tcp' }: ConnectorPlace): string {
    const host = this.hostOf(name)
    const wanted = formatTarget({ host: host ?? plainHost(name), port, protocol })
    const known = this.targets
    if (host === undefined) {
      return `${wanted} is no endpoint of this connector; it has ${listed(known)}`
    }
    const ofHost = this.#table?.routes.filter(({ spec }) => spec.host === host).map(({ spec }) => spec) ?? []
    return `${wanted} is not configured; of this host the connector has ${listed(ofHost)}`
  }

  #makeSources(state: ConnectorState): readonly EndpointSource[] {
    const { endpoints = [], apps = [], framing = 'raw', tls = {}, proxy, entityIntervalMs: intervalMs } = this.#options
    const given = endpoints.map((each) => {
      const { endpoint, origin = 'connection string', portName } = each
      const shared = {
        connectionString: secretOf(each),
        framing: each.framing ?? framing,
        origin,
        ...(portName !== undefined && { portName }),
      }
      const target = endpoint === undefined ? undefined : parseTarget(endpoint)
      return target
        ? fixedEndpoint({ ...target, ...shared })
        : new LearnedEndpoint({ ...shared, tls, proxy, state, intervalMs })
    })
    return [...given, ...apps.map((credential) => new AppFeed({ credential, framing, proxy, logger: this.#logger }))]
  }

  /** What all sources say now. */
  get #said(): ReturnType<typeof apartFromRelays> {
    return apartFromRelays(this.#sources.flatMap(({ specs }) => specs))
  }

  async #apply(): Promise<void> {
    const problems = this.status.problems.join('\n')
    if (problems !== this.#problems && problems !== '') this.#logger.warn('connector.problem', { message: problems })
    this.#problems = problems
    await this.#table?.set(this.#said.wanted)
    this.emit('answer')
  }
}

function secretOf({ connectionString }: ConnectorEndpoint): Secret {
  return typeof connectionString === 'string' ? new Secret(connectionString) : connectionString
}

/** @throws {RelayError} */
function checkEndpoint(given: ConnectorEndpoint): void {
  const relay = relayPlaceOf(secretOf(given))
  const { endpoint } = given
  if (endpoint === undefined) return
  const target = parseTarget(endpoint)
  if (!target) {
    throw new RelayError('InvalidConfiguration', {
      message: `"${endpoint}" is no endpoint: write HOST:PORT, such as db.corp:5432, *.corp:443 or dns.corp:53U`,
    })
  }
  if (target.host !== plainHost(relay.host)) return
  throw new RelayError('InvalidConfiguration', {
    message: `${endpoint} is on the host of the relay itself: its name would lead the connector to itself. Give the service another name`,
  })
}

function listed(targets: readonly ConnectorTarget[]): string {
  return targets.length === 0 ? 'none' : targets.map(formatTarget).join(', ')
}
