import type { ConnectionOptions } from 'node:tls'
import { type CarrierMode, CreditBudget, type ResumeRules } from '@postern/bridge'
import {
  createOpenSocket,
  type Endpoint,
  formatEndpoint,
  HandshakeTurns,
  type OpenSocket,
  parseEndpoint,
  RelayPulse,
  type TokenProvider,
} from '@postern/client'
import type { Logger, Secret } from '@postern/program'
import { RelayError } from '@postern/protocol'
import { EndpointPolicy } from '../policy/endpoint-policy.ts'
import { parsePolicyRule } from '../policy/policy-rule.ts'
import type { HcmState, StoredHybridConnection } from '../state/hcm-state.ts'
import type { StateStore } from '../state/state-store.ts'
import { discontinuedStatus, isBizTalk, placeOf } from './connection-place.ts'
import { HybridConnectionAgent } from './hybrid-connection-agent.ts'
import type { HybridConnectionStatus } from './status.ts'
import { accessOf, type ConnectionName, findStored, keyOf, otherKeyOf } from './stored-access.ts'

/** Settings of {@link HcmService}. */
export interface HcmServiceOptions {
  readonly store: StateStore
  readonly tls: ConnectionOptions | false
  /** URL of a proxy on the way to relays, or `off`. */
  readonly proxy?: Secret | undefined
  readonly logger: Logger
  /** Gives tokens for hybrid connections that the relay has given us. */
  readonly enrolledTokens?: () => TokenProvider
  /** How often the relay is asked for endpoints; default 30 s. */
  readonly entityIntervalMs?: number
  /** How often targets are tried; default 5 s. */
  readonly probeIntervalMs?: number
  /** Default `auto`. */
  readonly carriers?: CarrierMode
  readonly resume?: ResumeRules
}

/** A hybrid connection that the relay gives to this HCM. */
export interface GivenHybridConnection {
  readonly host: string
  readonly port?: number
  readonly path: string
}

/** How long streams of a hybrid connection that is removed may go on. */
const removalGraceMs = 2_000

const againHelp = 'With this key it is served already: hcm status shows how it is.'

/** Holds many hybrid connections. Each lives by itself: a change of one touches no other. */
export class HcmService {
  readonly #options: HcmServiceOptions
  readonly #agents = new Map<string, HybridConnectionAgent>()
  /** Those that were taken away and have not ended yet. */
  readonly #leaving = new Set<Promise<void>>()
  /** Endpoints seen first, until they are stored: a stream may come at once. */
  readonly #pins = new Map<string, Endpoint>()
  readonly #budget = new CreditBudget()
  readonly #pulse = new RelayPulse()
  readonly #turns = new HandshakeTurns()
  readonly #openSocket: OpenSocket
  #index: { readonly of: HcmState; readonly byKey: ReadonlyMap<string, StoredHybridConnection> } | undefined
  #policy: EndpointPolicy
  #turn: Promise<unknown> = Promise.resolve()

  /** @throws {RelayError} InvalidConfiguration when the stored policy cannot be read. */
  constructor(options: HcmServiceOptions) {
    this.#options = options
    this.#openSocket = createOpenSocket({ tls: options.tls, proxy: options.proxy?.reveal() })
    this.#policy = new EndpointPolicy(options.store.state.policy)
  }

  /** Begins to serve everything that is stored. */
  start(): void {
    for (const stored of this.#state.hybridConnections) this.#startAgent(stored)
  }

  /** Stops everything; streams may go on for `graceMs`. */
  async stop({ graceMs }: { readonly graceMs: number }): Promise<void> {
    await this.#turn
    await Promise.all([...this.#leaving, ...[...this.#agents.values()].map((agent) => agent.stop({ graceMs }))])
    await this.#options.store.settled()
  }

  /** How all are doing, in the order in which they were added. */
  list(): readonly HybridConnectionStatus[] {
    return this.#state.hybridConnections.map((stored) => this.statusOf(stored))
  }

  /** @throws {RelayError} ResourceNotFound, InvalidConfiguration when several are meant. */
  show(name: ConnectionName): HybridConnectionStatus {
    return this.statusOf(this.#find(name))
  }

  /**
   * Adds a hybrid connection by its connection string and serves it at once, or gives one that is there another key. Resolves
   * when it is known how it begins.
   *
   * @throws {RelayError} InvalidConnectionString, ResourceConflict when it is there with this key and has not failed for good.
   */
  async add(
    connectionString: Secret,
    { follow = false }: { readonly follow?: boolean } = {},
  ): Promise<HybridConnectionStatus> {
    const { stored, agent } = await this.#inTurn(async () => {
      const place = placeOf(connectionString)
      const key = keyOf(place)
      const keyed = await this.#changeKey(key, connectionString)
      if (keyed) return keyed
      const standing = this.#agents.get(key)
      if (standing && standing.status.Status !== 'NotFound') {
        throw new RelayError('ResourceConflict', { message: `Connection already exists: ${key}`, help: againHelp })
      }
      const stored: StoredHybridConnection = {
        ...place,
        origin: 'manual',
        connectionString: this.#options.store.key.seal(connectionString, key),
        follow,
        addedAt: new Date().toISOString(),
      }
      await this.#store((state) => ({
        ...state,
        hybridConnections: [...state.hybridConnections.filter((each) => keyOf(each) !== key), stored],
      }))
      this.#retire(key)
      return { stored, agent: this.#startAgent(stored) }
    })
    await agent?.begun()
    return agent?.status ?? discontinuedStatus(stored)
  }

  /** Takes a hybrid connection away. Resolves when the relay sends it nobody any more; its streams may go on for 2 s. */
  async remove(name: ConnectionName): Promise<void> {
    const agent = await this.#inTurn(async () => {
      const stored = this.#find(name)
      if (stored.origin === 'enrolled') {
        throw new RelayError('InvalidConfiguration', {
          message: `${keyOf(stored)} was given by the relay; take it away there: postern hcm show`,
        })
      }
      return this.#drop(keyOf(stored))
    })
    await agent?.leave()
  }

  /** Begins a hybrid connection anew; what was open ends within 2 s. */
  async restart(name: ConnectionName): Promise<HybridConnectionStatus> {
    const { stored, agent } = await this.#inTurn(async () => {
      const found = this.#find(name)
      this.#retire(keyOf(found))
      return { stored: found, agent: this.#startAgent(found) }
    })
    await agent?.begun()
    return agent?.status ?? discontinuedStatus(stored)
  }

  /** Asks relay and target of a hybrid connection how they are, now. */
  async test(name: ConnectionName): Promise<HybridConnectionStatus> {
    const stored = this.#find(name)
    await this.#agents.get(keyOf(stored))?.test()
    return this.statusOf(stored)
  }

  /** The listener of a hybrid connection is connected now. */
  isListening(stored: StoredHybridConnection): boolean {
    return this.#agents.get(keyOf(stored))?.isListening ?? false
  }

  /** How a stored hybrid connection is doing. */
  statusOf(stored: StoredHybridConnection): HybridConnectionStatus {
    return this.#agents.get(keyOf(stored))?.status ?? discontinuedStatus(stored)
  }

  /** The rules of the site. */
  get policy(): readonly string[] {
    return this.#state.policy
  }

  /** Adds a rule; it counts for the next stream. @throws {RelayError} InvalidConfiguration */
  allow(rule: string): Promise<readonly string[]> {
    const { text } = parsePolicyRule(rule)
    return this.#changePolicy((rules) => [...rules.filter((each) => each !== text), text])
  }

  /** Takes a rule away; streams that are open go on. @throws {RelayError} ResourceNotFound */
  disallow(rule: string): Promise<readonly string[]> {
    const text = rule.trim().toLowerCase()
    return this.#changePolicy((rules) => {
      if (!rules.includes(text)) {
        const help = 'Those that there are: hcm policy list'
        throw new RelayError('ResourceNotFound', { message: `There is no rule "${text}"`, help })
      }
      return rules.filter((each) => each !== text)
    })
  }

  /**
   * Serves exactly these of the relay's giving; those added here stay. `pins`: the operator sees them now, so that their
   * endpoints are allowed; what the relay gives later must be within the policy.
   */
  give(given: readonly GivenHybridConnection[], pins: ReadonlyMap<string, Endpoint> = new Map()): Promise<void> {
    return this.#inTurn(async () => {
      const wanted = new Map(given.map((place) => [keyOf(place), place]))
      for (const stored of this.#state.hybridConnections) {
        if (stored.origin === 'enrolled' && !wanted.has(keyOf(stored))) await this.#drop(keyOf(stored))
      }
      const known = new Set(this.#state.hybridConnections.map(keyOf))
      const added = [...wanted].flatMap(([key, { host, port, path }]): StoredHybridConnection[] => {
        const pinned = pins.get(key)
        if (known.has(key)) return []
        return [
          {
            host,
            path,
            origin: 'enrolled',
            ...(port !== undefined && { port }),
            ...(pinned && { pinned: formatEndpoint(pinned) }),
            follow: false,
            addedAt: new Date().toISOString(),
          },
        ]
      })
      if (added.length === 0) return
      await this.#store((state) => ({ ...state, hybridConnections: [...state.hybridConnections, ...added] }))
      for (const stored of added) this.#startAgent(stored)
    })
  }

  get #state(): HcmState {
    return this.#options.store.state
  }

  #store(change: (state: HcmState) => HcmState): Promise<void> {
    return this.#options.store.update(change)
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }

  #changePolicy(change: (rules: readonly string[]) => readonly string[]): Promise<readonly string[]> {
    return this.#inTurn(async () => {
      const policy = [...change(this.#state.policy)]
      await this.#store((state) => ({ ...state, policy }))
      this.#policy = new EndpointPolicy(policy)
      for (const agent of this.#agents.values()) agent.policyChanged()
      return policy
    })
  }

  /** Gives one that is there another key, and touches nothing else; undefined when that is not what is wanted. */
  async #changeKey(
    key: string,
    connectionString: Secret,
  ): Promise<{ readonly stored: StoredHybridConnection; readonly agent: HybridConnectionAgent } | undefined> {
    const [stored, agent] = [this.#stored(key), this.#agents.get(key)]
    const { store } = this.#options
    if (!agent || stored?.connectionString === undefined) return undefined
    const provider = otherKeyOf(store.key.unseal(stored.connectionString, key), connectionString)
    if (!provider) return undefined
    await agent.changeKey(provider)
    const changed = { ...stored, connectionString: store.key.seal(connectionString, key) }
    await this.#store((state) => ({
      ...state,
      hybridConnections: state.hybridConnections.map((each) =>
        keyOf(each) === key ? { ...each, connectionString: changed.connectionString } : each,
      ),
    }))
    return { stored: changed, agent }
  }

  /** One that is discontinued has nobody to serve it. */
  #startAgent(stored: StoredHybridConnection): HybridConnectionAgent | undefined {
    if (isBizTalk(stored.host)) return undefined
    const { store, tls, proxy, logger, entityIntervalMs, probeIntervalMs, carriers, resume } = this.#options
    const key = keyOf(stored)
    const agent = new HybridConnectionAgent({
      ...accessOf(stored, this.#options),
      host: stored.host,
      path: stored.path,
      origin: stored.origin,
      listenerId: store.state.listenerId,
      tls,
      proxy,
      pulse: this.#pulse,
      openSocket: this.#openSocket,
      turns: this.#turns,
      logger,
      policy: () => this.#policy,
      budget: this.#budget,
      consent: () => {
        const { pinned, follow = false } = this.#stored(key) ?? {}
        return { pinned: pinned === undefined ? this.#pins.get(key) : parseEndpoint(pinned), follows: follow }
      },
      onEndpoint: (endpoint) => this.#pin(key, endpoint),
      entityIntervalMs,
      probeIntervalMs,
      ...(carriers && { carriers }),
      resume,
    })
    this.#agents.set(key, agent)
    agent.start()
    return agent
  }

  /** Whoever adds a hybrid connection by hand means the endpoint that it has then, not whatever it may get. */
  #pin(key: string, endpoint: Endpoint): void {
    const stored = this.#stored(key)
    const isPinned = stored?.pinned !== undefined || this.#pins.has(key)
    if (stored?.origin !== 'manual' || isPinned) return
    this.#pins.set(key, endpoint)
    const pinned = formatEndpoint(endpoint)
    this.#store((state) => ({
      ...state,
      hybridConnections: state.hybridConnections.map((each) =>
        keyOf(each) === key && each.pinned === undefined ? { ...each, pinned } : each,
      ),
    })).catch((error: unknown) => this.#options.logger.error('hcm.state-not-written', { error }))
  }

  async #drop(key: string): Promise<HybridConnectionAgent | undefined> {
    await this.#store((state) => ({
      ...state,
      hybridConnections: state.hybridConnections.filter((each) => keyOf(each) !== key),
    }))
    return this.#retire(key)
  }

  /** Nobody waits for its end: a relay that is silent must not hold up other changes. */
  #retire(key: string): HybridConnectionAgent | undefined {
    const agent = this.#agents.get(key)
    this.#agents.delete(key)
    this.#pins.delete(key)
    if (!agent) return undefined
    const ended = agent.stop({ graceMs: removalGraceMs }).finally(() => this.#leaving.delete(ended))
    this.#leaving.add(ended)
    return agent
  }

  #stored(key: string): StoredHybridConnection | undefined {
    const state = this.#state
    // Each status asks for its own: looking through all for each of hundreds is slow.
    if (this.#index?.of !== state) {
      this.#index = { of: state, byKey: new Map(state.hybridConnections.map((each) => [keyOf(each), each])) }
    }
    return this.#index.byKey.get(key)
  }

  #find(name: ConnectionName): StoredHybridConnection {
    return findStored(this.#state, name)
  }
}
