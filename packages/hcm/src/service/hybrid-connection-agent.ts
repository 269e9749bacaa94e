import type { Socket as DatagramSocket } from 'node:dgram'
import { setTimeout as delay } from 'node:timers/promises'
import type { ConnectionOptions } from 'node:tls'
import {
  type CarrierMode,
  CarrierServer,
  type CreditBudget,
  carrierProtocol,
  describeFailure,
  OpenTunnels,
  type ResumeRules,
  type TunnelSocket,
  type WantedTarget,
} from '@postern/bridge'
import {
  type ConnectionRequest,
  CurrentTokens,
  type Endpoint,
  type EntityFacts,
  EntityWatch,
  formatEndpoint,
  type HandshakeTurns,
  isSameEndpoint,
  Listener,
  type OpenSocket,
  parseEndpoint,
  type RelayPulse,
  readEntity,
  type TokenProvider,
} from '@postern/client'
import type { Logger, Secret } from '@postern/program'
import { isRelayError, RelayError } from '@postern/protocol'
import type { EndpointConsent, EndpointPolicy } from '../policy/endpoint-policy.ts'
import { endpointNotAllowed } from '../policy/endpoint-policy.ts'
import { dialDatagramEndpoint, dialEndpoint } from './dial-endpoint.ts'
import { rejectionOf, toldGenerally } from './refusals.ts'
import { type ConnectionStatus, type HybridConnectionStatus, isRefusal, type Problem, problemOf } from './status.ts'
import { TargetWatch } from './target-watch.ts'

/** What a {@link HybridConnectionAgent} works with. */
export interface AgentOptions {
  readonly host: string
  readonly port?: number | undefined
  readonly path: string
  readonly origin: 'manual' | 'enrolled'
  readonly tokenProvider: TokenProvider | undefined
  readonly listenerId: string
  readonly tls: ConnectionOptions | false
  /** URL of a proxy, or `off`. */
  readonly proxy?: Secret | undefined
  /** Shared by all hybrid connections of the service, as the two below are. */
  readonly pulse: RelayPulse
  readonly openSocket: OpenSocket
  readonly turns: HandshakeTurns
  /** As they are at the moment: asked for every stream. */
  readonly policy: () => EndpointPolicy
  readonly consent: () => EndpointConsent
  /** The relay has told the endpoint. */
  readonly onEndpoint: (endpoint: Endpoint) => void
  readonly logger: Logger
  /** What the windows of carriers may grow by, shared by all hybrid connections. */
  readonly budget?: CreditBudget
  readonly entityIntervalMs?: number | undefined
  readonly probeIntervalMs?: number | undefined
  /** Default `auto`: senders of ours may lead many streams over one relayed connection. */
  readonly carriers?: CarrierMode
  readonly resume?: ResumeRules | undefined
}

/** Shorter than the 30 s for which the relay keeps a sender waiting, so that it hears the reason. */
const dialTimeoutMs = 10_000
const probeTimeoutMs = 4_000
/** Who gives a new key waits for the answer. */
const keyCheckTimeoutMs = 10_000
/** Whoever adds a hybrid connection sees at once how it is; a target that does not even refuse is told of later. */
const targetPatienceMs = 500

const events = {
  online: 'hcm.online',
  offline: 'hcm.offline',
  endpoint: 'hcm.endpoint-changed',
} as const

const streamEvents = {
  opened: 'hcm.stream-opened',
  failed: 'hcm.stream-refused',
  closed: 'hcm.stream-closed',
} as const

/** What a bridge asks for that was not told a name: the only target there is. */
const anyTarget = /^(?:[0-9]+U?)?$/

/** Serves one hybrid connection: listens, knows the endpoint, checks every stream, leads it there, and says how it is. */
export class HybridConnectionAgent {
  readonly #options: AgentOptions
  readonly #tokens: CurrentTokens | undefined
  readonly #listener: Listener
  readonly #entity: EntityWatch
  readonly #target: TargetWatch
  readonly #tunnels: OpenTunnels
  readonly #carriers: CarrierServer
  #facts: EntityFacts = {}
  /** The relay has said what it knows. */
  #isTold = false
  #relayError: unknown
  #entityError: unknown
  #lastError: { readonly at: Date; readonly message: string } | undefined
  #lastSuccessAt: Date | undefined
  #since = new Date()
  #status: ConnectionStatus = 'Disconnected'
  /** The relay has answered, or could not be asked. */
  #heard = Promise.withResolvers<void>()
  #left: Promise<void> | undefined

  constructor(options: AgentOptions) {
    this.#options = options
    const { host, port, path, tls, listenerId, pulse, openSocket, turns, entityIntervalMs, probeIntervalMs } = options
    const tokenProvider = options.tokenProvider && new CurrentTokens(options.tokenProvider)
    this.#tokens = tokenProvider
    this.#tunnels = new OpenTunnels({
      relayName: host,
      keyName: tokenProvider?.keyName,
      logger: options.logger,
      fields: { name: path },
      events: streamEvents,
    })
    this.#carriers = new CarrierServer({
      listenerId,
      mode: options.carriers ?? 'auto',
      budget: options.budget,
      resume: options.resume,
      tunnels: this.#tunnels,
      open: (wanted) => toldGenerally(this.#openWanted(wanted)),
      openDatagrams: (wanted) => toldGenerally(this.#openWantedDatagrams(wanted)),
      onFailed: (error, { trackingId }) => this.#refuse((error as Error).cause ?? error, trackingId),
    })
    this.#listener = new Listener({
      host,
      ...(port !== undefined && { port }),
      path,
      tls,
      ...(options.proxy && { proxy: options.proxy.reveal() }),
      ...(tokenProvider && { tokenProvider }),
      id: listenerId,
      pulse,
      openSocket,
      turns,
      target: 'up',
      onConnection: (request) => this.#onConnection(request),
    })
    this.#entity = new EntityWatch({
      read: (signal) => this.#readEntity(tokenProvider, signal),
      onFacts: (facts) => this.#onFacts(facts),
      onProblem: (error) => {
        this.#entityError = error
        this.#settle()
      },
      ...(entityIntervalMs !== undefined && { intervalMs: entityIntervalMs }),
    })
    this.#target = new TargetWatch({
      probe: () => this.#probe(),
      // One that the site refuses is of as little use to a sender as one that is dead.
      onChange: () => this.#listener.declareTarget(this.#target.error === undefined ? 'up' : 'down'),
      ...(probeIntervalMs !== undefined && { intervalMs: probeIntervalMs }),
    })
    this.#follow()
  }

  /** The endpoint, as far as the relay has told it. */
  get endpoint(): Endpoint | undefined {
    return this.#facts.endpoint
  }

  /** Begins to listen; neither relay nor target need be there yet. */
  start(): void {
    this.#listener.start()
    void this.#entity.refresh()
    void this.#target.check()
  }

  /** Resolves when the relay has said yes or no, and the target too unless it lets us wait. */
  async begun(): Promise<void> {
    await Promise.all([this.#entity.refresh(), this.#heard.promise])
    const timer = new AbortController()
    await Promise.race([this.#target.checking, delay(targetPatienceMs, undefined, timer).catch(() => {})])
    timer.abort()
  }

  /** Asks relay and target how they are, now. */
  async test(): Promise<void> {
    await this.#entity.askNow()
    await this.#target.check()
  }

  /** What is allowed has changed. */
  policyChanged(): void {
    void this.#target.check()
  }

  /**
   * Goes on with another key; no stream feels it. While the old one serves, the relay is asked first whether the new one
   * would.
   *
   * @throws {RelayError} why the relay refuses the new key; the old one counts as before then.
   */
  async changeKey(tokenProvider: TokenProvider): Promise<void> {
    if (this.isListening) await this.#readEntity(tokenProvider, AbortSignal.timeout(keyCheckTimeoutMs))
    this.#tokens?.set(tokenProvider)
    if (!this.isListening) this.#heard = Promise.withResolvers()
    this.#listener.renewToken()
  }

  /** Takes nothing new, lets open streams end for `graceMs`, then cuts them. */
  async stop({ graceMs }: { readonly graceMs: number }): Promise<void> {
    this.#entity.stop()
    this.#target.stop()
    this.#carriers.stopAccepting()
    await this.leave()
    await this.#tunnels.end(graceMs)
    this.#carriers[Symbol.dispose]()
  }

  /** Stops listening; resolves when the relay knows, or after 5 s. */
  leave(): Promise<void> {
    this.#heard.resolve()
    this.#left ??= this.#listener.close()
    return this.#left
  }

  /** Its control channel is open now. */
  get isListening(): boolean {
    return this.#listener.state === 'online'
  }

  /** How it is doing. */
  get status(): HybridConnectionStatus {
    this.#settle()
    const { host, port, path, origin, consent } = this.#options
    const { endpoint, listenerCount, createdAt, updatedAt } = this.#facts
    const { pinned, follows = false } = consent()
    const problem = this.#problem()
    const { connections, connectionsTotal, bytesToRelay, bytesFromRelay } = this.#tunnels.status
    const name = host.includes(':') ? `[${host}]` : host
    return {
      Namespace: host.split('.')[0] ?? host,
      Name: path,
      ...(endpoint && { Endpoint: formatEndpoint(endpoint) }),
      Status: this.#status,
      ...(listenerCount !== undefined && { NumberOfListeners: listenerCount }),
      ServiceBusEndpoint: `sb://${name}${port === undefined ? '' : `:${port}`}/`,
      ...(createdAt !== undefined && { CreatedOn: createdAt }),
      ...(updatedAt !== undefined && { LastUpdated: updatedAt }),
      Since: this.#since.toISOString(),
      Target: this.#target.state,
      TargetSince: this.#target.since.toISOString(),
      ...(this.#lastSuccessAt && { LastSuccess: this.#lastSuccessAt.toISOString() }),
      ...(this.#lastError && {
        LastError: { At: this.#lastError.at.toISOString(), Message: this.#lastError.message },
      }),
      ...(problem && {
        Problem: { Hop: problem.hop, Code: problem.code, Message: problem.message, WhatToDo: problem.whatToDo },
      }),
      Origin: origin,
      ...(pinned && { Pinned: formatEndpoint(pinned) }),
      Follow: follows,
      Streams: connections,
      StreamsTotal: connectionsTotal,
      BytesToRelay: bytesToRelay,
      BytesFromRelay: bytesFromRelay,
    }
  }

  #readEntity(tokenProvider: TokenProvider | undefined, signal: AbortSignal): Promise<EntityFacts> {
    const { host, port, path, tls, openSocket, turns } = this.#options
    const read = (): Promise<EntityFacts> => readEntity({ host, port, path, tls, tokenProvider, openSocket }, signal)
    // One that was just added does not queue behind hundreds that look again.
    return turns.run(`${this.#facts.endpoint ? 'again' : 'first'} ${host}:${port}`, signal, read)
  }

  async #onConnection(request: ConnectionRequest): Promise<void> {
    await this.#heed(request.endpoint)
    const protocol = this.#carriers.protocolFor(request)
    const accept = (): ReturnType<typeof request.acceptRaw> =>
      request.acceptRaw(protocol === undefined ? {} : { protocol })
    if (protocol === carrierProtocol) {
      this.#carriers.serve(await accept())
      return
    }
    try {
      const socket = await this.#open(this.#known())
      const connection = await accept().catch((error: Error) => {
        socket.cut()
        throw error
      })
      this.#tunnels.join(socket, connection)
    } catch (error) {
      this.#refuse(error, request.id)
      if (!request.isAnswered) await request.reject(rejectionOf(error, this.#options.listenerId))
    }
  }

  /** Notes what becomes of the listener. */
  #follow(): void {
    const { host, path, logger } = this.#options
    this.#listener.on('online', () => {
      this.#heard.resolve()
      this.#relayError = undefined
      this.#settle()
      logger.info(events.online, { relay: host, name: path })
      void this.#entity.refresh()
    })
    this.#listener.on('offline', (error, retryInMs) => {
      this.#heard.resolve()
      // We may have been the only one: who else is there has to be asked anew.
      if (this.#relayError === undefined) this.#forgetListeners()
      this.#relayError = error
      const message = this.#note(error)
      this.#settle()
      logger.warn(events.offline, { relay: host, name: path, message, retryInMs: Math.round(retryInMs) })
    })
    this.#listener.on('problem', (error) => void this.#note(error))
  }

  #refuse(error: unknown, trackingId: string): void {
    const { host, path, logger } = this.#options
    logger.warn(streamEvents.failed, { relay: host, name: path, trackingId, message: this.#note(error) })
  }

  async #openWanted(wanted: WantedTarget): Promise<TunnelSocket> {
    return await this.#open(await this.#endpointFor(wanted.target))
  }

  async #openWantedDatagrams(wanted: WantedTarget): Promise<DatagramSocket> {
    const endpoint = await this.#endpointFor(wanted.target)
    return await dialDatagramEndpoint(endpoint, this.#rulesFor(endpoint))
  }

  /** A stream that asks for something else than we know may know more: we ask the relay before we say no. */
  async #endpointFor(target: string): Promise<Endpoint> {
    if (anyTarget.test(target)) return this.#known()
    const wanted = parseEndpoint(target)
    if (wanted && !isSameEndpoint(wanted, this.#facts.endpoint)) await this.#entity.refresh()
    const known = this.#known()
    if (wanted?.host === known.host) return wanted
    throw new RelayError('EndpointNotAllowed', {
      message: `A sender has asked for ${target}, and the endpoint of the hybrid connection is ${formatEndpoint(known)}`,
    })
  }

  #known(): Endpoint {
    const { endpoint } = this.#facts
    if (!endpoint) throw missingEndpoint(this.#options.path)
    return endpoint
  }

  /** The consent of the operator is for the endpoint; another port of its host needs a rule that names it. */
  #rulesFor(endpoint: Endpoint): { readonly policy: EndpointPolicy; readonly consent: EndpointConsent } {
    const { policy, consent } = this.#options
    if (isSameEndpoint(endpoint, this.#facts.endpoint)) return { policy: policy(), consent: consent() }
    return { policy: policy().forOtherPorts, consent: {} }
  }

  #open(endpoint: Endpoint): Promise<TunnelSocket> {
    return this.#dial(endpoint, { timeoutMs: dialTimeoutMs, onDialing: (socket) => this.#tunnels.add(socket) })
  }

  /** What the relay says with a sender counts for that sender already; without its word we ask. */
  async #heed(told: string | undefined): Promise<void> {
    const endpoint = told === undefined ? undefined : parseEndpoint(told)
    if (endpoint) {
      if (isSameEndpoint(endpoint, this.#facts.endpoint)) return
      this.#onFacts({ ...this.#facts, endpoint })
      void this.#entity.refresh()
    } else if (!this.#facts.endpoint) await this.#entity.refresh()
  }

  async #dial(
    endpoint: Endpoint,
    how: { readonly timeoutMs: number; readonly onDialing?: (socket: TunnelSocket) => void },
  ): Promise<TunnelSocket> {
    try {
      const socket = await dialEndpoint(endpoint, { ...this.#rulesFor(endpoint), ...how })
      this.#lastSuccessAt = new Date()
      if (isSameEndpoint(endpoint, this.#facts.endpoint)) this.#target.note()
      return socket
    } catch (error) {
      if (!isSameEndpoint(endpoint, this.#facts.endpoint)) throw error
      if (isRelayError(error, 'TargetUnreachable')) this.#target.note(error)
      else this.#target.forget(error)
      throw error
    }
  }

  async #probe(): Promise<void> {
    const { endpoint } = this.#facts
    if (!endpoint) return
    try {
      ;(await this.#dial(endpoint, { timeoutMs: probeTimeoutMs })).close()
    } catch (error) {
      this.#note(error)
    }
  }

  #onFacts(facts: EntityFacts): void {
    const before = this.#facts.endpoint
    this.#facts = facts
    this.#isTold = true
    this.#entityError = undefined
    if (facts.endpoint && !isSameEndpoint(before, facts.endpoint)) {
      const { host, path, logger, onEndpoint } = this.#options
      onEndpoint(facts.endpoint)
      logger.info(events.endpoint, { relay: host, name: path, endpoint: formatEndpoint(facts.endpoint) })
      this.#target.forget()
      void this.#target.check()
    } else if (!facts.endpoint) this.#target.forget()
    this.#settle()
  }

  #forgetListeners(): void {
    const { listenerCount: _, ...facts } = this.#facts
    this.#facts = facts
    void this.#entity.refresh()
  }

  #problem(): Problem | undefined {
    if (this.#relayError !== undefined && this.#listener.state !== 'online') return problemOf(this.#relayError)
    if (!this.#facts.endpoint) {
      if (this.#entityError !== undefined) return problemOf(this.#entityError)
      return this.#isTold ? problemOf(missingEndpoint(this.#options.path), 'endpoint') : undefined
    }
    const { policy, consent } = this.#options
    if (policy().decide(this.#facts.endpoint, consent()) === 'refused') {
      return problemOf(endpointNotAllowed(this.#facts.endpoint))
    }
    return this.#target.error === undefined ? undefined : problemOf(this.#target.error)
  }

  #settle(): void {
    const others = this.#entityError === undefined && (this.#facts.listenerCount ?? 0) > 0
    const isRefused = isRefusal(this.#relayError) && this.#listener.state !== 'online'
    const status =
      this.#listener.state === 'online' || (others && !isRefused)
        ? 'Connected'
        : isRefused
          ? 'NotFound'
          : 'Disconnected'
    if (status === this.#status) return
    this.#status = status
    this.#since = new Date()
  }

  #note(error: unknown): string {
    const message = describeFailure(this.#options.path, this.#tokens?.keyName, error)
    this.#lastError = { at: new Date(), message }
    return message
  }
}

function missingEndpoint(path: string): RelayError {
  return new RelayError('TargetUnreachable', {
    message: `The hybrid connection ${path} says no endpoint: set its userMetadata to [{"key":"endpoint","value":"host:port"}]`,
  })
}
