import type { Duplex } from 'node:stream'
import type { ConnectionOptions } from 'node:tls'
import {
  connectThrough,
  describeFailure,
  FarEnd,
  LocalForwarder,
  type RelayWays,
  type SocketSource,
} from '@postern/bridge'
import {
  CurrentTokens,
  createOpenSocket,
  type EntityFacts,
  formatEndpoint,
  type RelayOptions,
  readEntity,
  relayRouteOf,
  type Sender,
} from '@postern/client'
import type { Logger, Secret } from '@postern/program'
import { formatTarget } from '../names/endpoint-text.ts'
import type { RelayWay } from '../ping/ping-relay.ts'
import { formatPlace, type RelayPlace, type RouteSpec, relayPlaceOf } from './route-spec.ts'
import type { EndpointStatus } from './status.ts'
import { tokensOf } from './tokens-of.ts'

/** What a {@link Route} works with. */
export interface RouteOptions {
  readonly spec: RouteSpec
  readonly tls: ConnectionOptions | false
  readonly proxy: Secret | undefined
  /** Shared by all routes: those with the same credential share carriers. */
  readonly ways: RelayWays
  readonly logger: Logger
  /** Where the port is opened. Default: this machine's network. */
  readonly sockets?: SocketSource
}

/** A port that cannot be had is asked for again: whoever has it may go. */
const retryMs = 5_000

/** One endpoint: opens streams to it, and listens for programs at a loopback address. */
export class Route {
  readonly place: RelayPlace
  /** How the relay is reached, and as whom. */
  readonly relayOptions: RelayOptions
  readonly sender: Sender
  readonly #options: RouteOptions
  readonly #tokens: CurrentTokens | undefined
  readonly #carriers: ReturnType<RelayWays['to']>['carriers']
  #spec: RouteSpec
  #address: string | undefined
  #forwarder: LocalForwarder | undefined
  #problem: string | undefined
  #retry: NodeJS.Timeout | undefined
  #isStopped = false

  /** @throws {RelayError} InvalidConnectionString */
  constructor(options: RouteOptions) {
    const { spec, tls, proxy, ways } = options
    this.#options = options
    this.#spec = spec
    this.place = relayPlaceOf(spec.connectionString)
    const provider = tokensOf(spec.connectionString)
    this.#tokens = provider && new CurrentTokens(provider)
    this.relayOptions = {
      ...this.place,
      tls,
      ...(proxy && { proxy: proxy.reveal() }),
      ...(this.#tokens && { tokenProvider: this.#tokens }),
    }
    const way = ways.to(this.relayOptions)
    this.sender = way.sender
    this.#carriers = way.carriers
  }

  get spec(): RouteSpec {
    return this.#spec
  }

  /** Where it listens, or is about to. */
  get address(): string | undefined {
    return this.#address
  }

  get status(): EndpointStatus {
    const { address, port } = { address: this.#address, port: this.#spec.port }
    const {
      connections = 0,
      connectionsTotal = 0,
      bytesToRelay = 0,
      bytesFromRelay = 0,
      lastError,
    } = this.#forwarder?.status ?? {}
    return {
      endpoint: formatTarget(this.#spec),
      protocol: this.#spec.protocol,
      ...(address !== undefined && { address: `${address}:${port}` }),
      state: this.#forwarder?.status.state === 'online' ? 'listening' : this.#problem === undefined ? 'idle' : 'failed',
      relay: `${this.place.host}:${this.place.port}`,
      hybridConnection: this.place.path,
      origin: this.#spec.origin,
      connections,
      connectionsTotal,
      bytesToRelay,
      bytesFromRelay,
      ...(lastError && { lastError: { message: lastError.message, at: new Date(lastError.atMs).toISOString() } }),
      ...(this.#problem !== undefined && { problem: this.#problem }),
    }
  }

  /** Takes another credential for the same way; false when this is another way, and another route is wanted. */
  follow(spec: RouteSpec): boolean {
    const provider = tokensOf(spec.connectionString)
    const isSameWay =
      formatPlace(relayPlaceOf(spec.connectionString)) === formatPlace(this.place) &&
      spec.framing === this.#spec.framing &&
      spec.portName === this.#spec.portName &&
      (provider === undefined) === (this.#tokens === undefined)
    if (!isSameWay) return false
    if (provider && spec.connectionString.reveal() !== this.#spec.connectionString.reveal()) this.#tokens?.set(provider)
    this.#spec = spec
    return true
  }

  /** Opens a stream to the endpoint. @throws {RelayError} as `Sender.connect` */
  open({ signal = new AbortController().signal }: { readonly signal?: AbortSignal }): Promise<Duplex> {
    const { framing } = this.#spec
    const farEnd = new FarEnd({ sender: this.sender, carriers: this.#carriers, framing })
    return connectThrough(farEnd, { target: framing === 'azbridge' ? this.#portName : this.#target, signal })
  }

  /** True when a stream that was opened has come to the service, and not only to the listener. */
  get isDialedFirst(): boolean {
    return this.#spec.framing === 'azbridge' || (this.#carriers?.carrierCount ?? 0) > 0
  }

  /** azbridge's default name is the port as it is typed. */
  get #portName(): string {
    const { portName, port, protocol } = this.#spec
    return portName ?? `${port}${protocol === 'udp' ? 'U' : ''}`
  }

  /** What streams of carriers ask for: a name below a wildcard; else what the listener leads to. */
  get #target(): string {
    return this.#spec.isBelowWildcard ? formatEndpoint(this.#spec) : ''
  }

  /** The way from this machine to the relay. */
  get relayWay(): RelayWay {
    const { host, port } = this.place
    const { proxy } = relayRouteOf(this.relayOptions)
    return { place: { host, port }, tls: this.#options.tls, hasProxy: proxy !== undefined }
  }

  /** What the relay says about the hybrid connection. @throws {RelayError} as `readEntity` */
  readEntity(signal: AbortSignal): Promise<EntityFacts> {
    const { tls, proxy } = this.#options
    const openSocket = createOpenSocket({ tls, ...(proxy && { proxy: proxy.reveal() }) })
    return readEntity({ ...this.place, tls, tokenProvider: this.#tokens, openSocket }, signal)
  }

  /** Says why the endpoint has no port here. */
  refuse(problem: string): void {
    if (problem !== this.#problem) this.#options.logger.warn('connector.cannot-listen', { message: problem })
    this.#problem = problem
  }

  /** Tries to open the endpoint's port at a loopback address; what is wrong, if something is. */
  async listen(address: string): Promise<string | undefined> {
    this.#address = address
    clearTimeout(this.#retry)
    if (this.#isStopped) return undefined
    const { port, protocol, framing } = this.#spec
    const forwarder = new LocalForwarder({
      forward: { relayName: this.place.path, bindings: [{ protocol, host: address, port, portName: this.#portName }] },
      sender: this.sender,
      carriers: this.#carriers,
      ...(framing === 'raw' && { target: this.#target }),
      framing,
      logger: this.#options.logger,
      bindRules: { gatewayPorts: false, addressFamily: undefined, sockets: this.#options.sockets },
    })
    try {
      await forwarder.start()
    } catch (error) {
      return describeFailure(formatTarget(this.#spec), undefined, error)
    }
    this.#problem = undefined
    this.#forwarder = forwarder
    if (this.#isStopped) await forwarder.stop({ graceMs: 0 })
    return undefined
  }

  /** Says why the port could not be opened, and tries again until it can. */
  keepTrying(address: string, problem: string): void {
    this.refuse(problem)
    if (!this.#isStopped) this.#retry = setTimeout(() => void this.#tryAgain(address), retryMs)
  }

  /** Takes nothing new; open streams may go on for `graceMs`. */
  async stop({ graceMs }: { readonly graceMs: number }): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#retry)
    await this.#forwarder?.stop({ graceMs })
  }

  async #tryAgain(address: string): Promise<void> {
    const problem = await this.listen(address)
    if (problem !== undefined) this.keepTrying(address, problem)
  }
}
