import type { Framing, ResumeRules } from '@postern/carrier'
import { CreditBudget } from '@postern/carrier'
import type { RelayOptions } from '@postern/client'
import { type Logger, silentLogger } from '@postern/program'
import { formatConnectionString, parseConnectionString, RelayError } from '@postern/protocol'
import { type CarrierMode, RelayWays } from './carriers/relay-ways.ts'
import { isRange, type LocalForward, type RemoteForward } from './forward.ts'
import type { Forwarder, ForwarderStatus } from './forwarder.ts'
import { LocalForwarder } from './local-forwarder.ts'
import { parseHttpForward, parseLocalForward, parseRemoteForward } from './parse-forward.ts'
import { RemoteForwarder } from './remote-forwarder.ts'
import { AllowList, parseAllowRule } from './targets/allow-list.ts'

/** How long open connections may go on when a bridge stops. */
const defaultGraceMs = 10_000

/** Options of {@link Bridge}. */
export interface BridgeOptions {
  /** The relay and the credential, shared by all forwards; an EntityPath in it is not used. */
  readonly relay: Omit<RelayOptions, 'path'>
  /** `-L` texts, or what they mean. */
  readonly localForwards?: readonly (string | LocalForward)[]
  /** `-T` texts, or what they mean. Several for one relay share one listener. */
  readonly remoteForwards?: readonly (string | RemoteForward)[]
  /** `-H` texts: web services that HTTP requests are led to. */
  readonly httpForwards?: readonly string[]
  /**
   * What remote forwards may reach, as `HOST:PORT`, `HOST:FIRST-LAST` or `HOST:*`; the last word, whatever a sender asks
   * for. Default: what the targets name.
   */
  readonly allowedTargets?: readonly string[]
  /** Default `azbridge`. Both ends must agree. */
  readonly framing?: Framing
  /** Interval of PINGs, in ms. Default 30 s. */
  readonly keepAliveIntervalMs?: number
  /** Local ports without an address are open for other machines too. Default false. */
  readonly gatewayPorts?: boolean
  /** Address of this machine that connections to targets come from. */
  readonly sourceAddress?: string
  /** Tries for one connection, to the relay or to a target, a second apart. Default 1. */
  readonly connectionAttempts?: number
  /** False to go on when a local port cannot be bound. Default true. */
  readonly exitOnForwardFailure?: boolean
  /** After so long without a datagram a UDP session ends, in ms. Default 4 min. */
  readonly datagramIdleTimeoutMs?: number
  /**
   * `auto` (default): where the other end can do it too, many connections share few relayed connections, and outlive them.
   * `off`: every connection has a relayed connection of its own.
   */
  readonly carriers?: CarrierMode
  /** How connections in carriers outlive a relayed connection. */
  readonly resume?: ResumeRules
  /** Default: silent. */
  readonly logger?: Logger
}

/**
 * Runs forwarders: local ports that lead into a relay, and relays that lead to services near this machine.
 * It goes on whatever happens to the relay, to a target or to one connection, until it is stopped.
 *
 * @example
 * const bridge = new Bridge({
 *   relay: { connectionString: process.env.RELAY_CONNECTION_STRING },
 *   remoteForwards: ['db:127.0.0.1:5432'],
 * })
 * await bridge.start()
 */
export class Bridge {
  readonly #forwarders: readonly Forwarder[]
  readonly #ways: RelayWays

  /** @throws {RelayError} InvalidConfiguration or InvalidConnectionString. */
  constructor(options: BridgeOptions) {
    const local = (options.localForwards ?? []).map((forward) =>
      typeof forward === 'string' ? parseLocalForward(forward) : forward,
    )
    const remote = [
      ...(options.remoteForwards ?? []).map((forward) =>
        typeof forward === 'string' ? parseRemoteForward(forward) : forward,
      ),
      ...(options.httpForwards ?? []).map(parseHttpForward),
    ]
    if (local.length + remote.length === 0) {
      throw new RelayError('InvalidConfiguration', {
        message: 'Nothing to forward: give at least one -L 127.0.0.1:15432:db or -T db:127.0.0.1:5432',
      })
    }
    const { carriers = 'auto', resume } = options
    const budget = new CreditBudget()
    const ways = new RelayWays({ mode: carriers, budget, resume })
    this.#ways = ways
    this.#forwarders = [
      ...mergeByRelay(remote).map((forward) => createRemoteForwarder(forward, { ...options, budget })),
      ...local.map((forward) => createLocalForwarder(forward, { ...options, ways })),
    ]
  }

  /** How each forwarder is doing, remote ones first, in the order given. */
  get status(): readonly ForwarderStatus[] {
    return this.#forwarders.map((forwarder) => forwarder.status)
  }

  /**
   * Opens the local ports and begins to listen; the relay need not be there yet.
   *
   * @throws {RelayError} InvalidConfiguration when a local port cannot be bound; everything is stopped then.
   */
  async start(): Promise<void> {
    try {
      await Promise.all(this.#forwarders.map((forwarder) => forwarder.start()))
    } catch (error) {
      await this.stop({ graceMs: 0 })
      throw error
    }
  }

  /** Resolves when every relay of `-T` has been reached once; rejects only by the signal. */
  async online(signal?: AbortSignal): Promise<void> {
    const remote = this.#forwarders.filter((forwarder) => forwarder instanceof RemoteForwarder)
    await Promise.all(remote.map((forwarder) => forwarder.online(signal)))
  }

  /** Takes nothing new, lets open connections end for `graceMs` (default 10 s), then cuts them. */
  async stop({ graceMs = defaultGraceMs }: { readonly graceMs?: number } = {}): Promise<void> {
    await Promise.all(this.#forwarders.map((forwarder) => forwarder.stop({ graceMs })))
    this.#ways[Symbol.dispose]()
  }

  /** The same as {@link Bridge.stop} without grace. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop({ graceMs: 0 })
  }
}

function createRemoteForwarder(
  forward: RemoteForward,
  options: BridgeOptions & { readonly budget: CreditBudget },
): RemoteForwarder {
  const { framing = 'azbridge', logger = silentLogger, sourceAddress, connectionAttempts = 1 } = options
  const { datagramIdleTimeoutMs, allowedTargets = [], carriers, budget, resume } = options
  const { addressFamily } = options.relay
  return new RemoteForwarder({
    forward,
    listen: relayOf(forward, options),
    framing,
    logger,
    budget,
    resume,
    ...(carriers !== undefined && { carriers }),
    ...(datagramIdleTimeoutMs !== undefined && { datagramIdleTimeoutMs }),
    allowList: new AllowList(allowedTargets.map(parseAllowRule)),
    dialRules: {
      attempts: connectionAttempts,
      ...(sourceAddress !== undefined && { sourceAddress }),
      ...(addressFamily !== undefined && { addressFamily }),
    },
  })
}

function createLocalForwarder(
  forward: LocalForward,
  options: BridgeOptions & { readonly ways: RelayWays },
): LocalForwarder {
  const { framing = 'azbridge', logger = silentLogger, gatewayPorts = false } = options
  const { connectionAttempts, exitOnForwardFailure, datagramIdleTimeoutMs } = options
  return new LocalForwarder({
    forward,
    ...options.ways.to(relayOf(forward, options)),
    framing,
    logger,
    bindRules: { gatewayPorts, addressFamily: options.relay.addressFamily },
    ...(connectionAttempts !== undefined && { connectionAttempts }),
    ...(exitOnForwardFailure !== undefined && { exitOnForwardFailure }),
    ...(datagramIdleTimeoutMs !== undefined && { datagramIdleTimeoutMs }),
  })
}

type RelayOfForward = RelayOptions & { readonly keepAliveIntervalMs?: number }

/** The relay that a forward goes to: its own, where it names one, else that of the bridge. */
export function relayOf(forward: LocalForward | RemoteForward, options: BridgeOptions): RelayOfForward {
  const { keepAliveIntervalMs } = options
  return {
    ...placeOf(forward, options.relay),
    path: forward.relayName,
    ...(keepAliveIntervalMs !== undefined && { keepAliveIntervalMs }),
  }
}

function placeOf(forward: LocalForward | RemoteForward, relay: BridgeOptions['relay']): BridgeOptions['relay'] {
  const { tls, connectTimeoutMs, addressFamily, proxy } = relay
  const shared = {
    ...(tls !== undefined && { tls }),
    ...(connectTimeoutMs !== undefined && { connectTimeoutMs }),
    ...(addressFamily !== undefined && { addressFamily }),
    ...(proxy !== undefined && { proxy }),
  }
  const { connectionString } = forward
  const place = connectionString === undefined ? relay : { ...shared, connectionString }
  if (!('noAuthentication' in forward && forward.noAuthentication)) return place
  const { host, port } = place
  return {
    ...shared,
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
    ...(place.connectionString !== undefined && { connectionString: withoutCredential(place.connectionString) }),
  }
}

function withoutCredential(connectionString: string): string {
  return formatConnectionString({ endpoint: parseConnectionString(connectionString).endpoint })
}

/** Two listeners of one program on one relay would each get senders that want the other's target. */
function mergeByRelay(forwards: readonly RemoteForward[]): RemoteForward[] {
  const merged = new Map<string, RemoteForward>()
  for (const forward of forwards) {
    const { relayName, connectionString = '' } = forward
    const key = `${relayName.toLowerCase()} ${connectionString}`
    const known = merged.get(key)
    for (const target of forward.targets) {
      if (isRange(target)) continue
      const { portName } = target
      if (known?.targets.some((other) => !isRange(other) && other.portName === portName)) {
        throw new RelayError('InvalidConfiguration', {
          message: `${relayName}: two targets have the port name "${portName}"; name them: -T ${relayName}:name/host:port`,
        })
      }
    }
    merged.set(key, known ? joinForwards(known, forward) : forward)
  }
  return [...merged.values()]
}

function joinForwards(one: RemoteForward, other: RemoteForward): RemoteForward {
  return {
    ...one,
    targets: [...one.targets, ...other.targets],
    httpTargets: [...(one.httpTargets ?? []), ...(other.httpTargets ?? [])],
  }
}
