import { randomUUID } from 'node:crypto'
import type { Socket as DatagramSocket } from 'node:dgram'
import { once } from 'node:events'
import type { Framing, ResumeRules, TunnelSocket } from '@postern/carrier'
import { type CreditBudget, carrierProtocol, defaultDatagramIdleMs } from '@postern/carrier'
import { type ConnectionRequest, Listener, type ListenerOptions, type RelayedConnection } from '@postern/client'
import type { Logger } from '@postern/program'
import { RelayError } from '@postern/protocol'
import { CarrierServer, type WantedTarget } from './carriers/carrier-server.ts'
import type { CarrierMode } from './carriers/relay-ways.ts'
import { addressOf, isRange, type RemoteForward, type SingleTarget } from './forward.ts'
import { type Forwarder, type ForwarderStatus, forwarderEvents } from './forwarder.ts'
import { HttpForwarder } from './http/http-forwarder.ts'
import { OpenTunnels } from './open-tunnels.ts'
import { PlainSenders } from './plain-senders.ts'
import { AllowList } from './targets/allow-list.ts'
import { AllowedTargets } from './targets/allowed-targets.ts'
import { dialDatagramTarget } from './targets/datagram-target.ts'
import { type DialRules, dialTarget } from './targets/dial-target.ts'

/** What a RemoteForwarder works with. */
export interface RemoteForwarderOptions {
  readonly forward: RemoteForward
  /** How to listen on the hybrid connection; `onRequest` may answer its HTTP requests where no HTTP target does. */
  readonly listen: Omit<ListenerOptions, 'onConnection' | 'id'>
  readonly framing: Framing
  readonly logger: Logger
  /** Default: everything that the targets name. */
  readonly allowList?: AllowList
  /** Default: one try, from any address. */
  readonly dialRules?: DialRules
  /** After so long without a datagram a UDP session ends, in ms. Default 4 min. */
  readonly datagramIdleTimeoutMs?: number
  /** Default `auto`: senders of ours may lead many streams over one relayed connection. */
  readonly carriers?: CarrierMode
  /** What the windows of the process may grow by; share one. */
  readonly budget?: CreditBudget
  readonly resume?: ResumeRules | undefined
}

/** What is filled in. */
type Settings = RemoteForwarderOptions & Required<Omit<RemoteForwarderOptions, 'budget' | 'resume'>>

/** Listens on a hybrid connection; every sender is led to a service that this machine can reach. */
export class RemoteForwarder implements Forwarder {
  readonly #options: Settings
  readonly #listener: Listener
  readonly #listenerId = randomUUID()
  readonly #tunnels: OpenTunnels
  readonly #http: HttpForwarder | undefined
  readonly #carriers: CarrierServer
  readonly #allowed: AllowedTargets
  readonly #plain: PlainSenders

  /**
   * @throws {RelayError} InvalidConfiguration when framing is raw and there are several targets: bare bytes cannot say
   *   which one they want; or when a target is outside of the allow-list.
   */
  constructor(given: RemoteForwarderOptions) {
    const options = { ...defaults, ...given }
    const { forward, listen, logger, dialRules } = options
    const { relayName, targets, httpTargets = [] } = forward
    checkForward(options)
    this.#options = options
    this.#http =
      httpTargets.length > 0
        ? new HttpForwarder({
            relayName,
            targets: httpTargets,
            rules: dialRules,
            onProblem: (error) => this.#tunnels.fail(error),
          })
        : undefined
    const http = this.#http
    this.#listener = new Listener({
      ...listen,
      id: this.#listenerId,
      ...(targets.length > 0 && { onConnection: (request: ConnectionRequest) => this.#onConnection(request) }),
      ...(http && { onRequest: (request, response) => http.forward(request, response) }),
    })
    this.#tunnels = new OpenTunnels({ relayName, keyName: this.#listener.keyName, logger })
    this.#allowed = new AllowedTargets({ targets, allowList: options.allowList, listenerId: this.#listenerId })
    this.#plain = new PlainSenders({
      ...options,
      listenerId: this.#listenerId,
      targets,
      allowed: this.#allowed,
      tunnels: this.#tunnels,
      accept: (request) => this.#accept(request),
      dial: (target) => this.#dial(target),
    })
    this.#carriers = new CarrierServer({
      listenerId: this.#listenerId,
      mode: options.carriers,
      budget: options.budget,
      resume: options.resume,
      tunnels: this.#tunnels,
      open: (wanted) => this.#openWanted(wanted),
      openDatagrams: (wanted) => this.#openWantedDatagrams(wanted),
      datagramIdleTimeoutMs: options.datagramIdleTimeoutMs,
    })
    this.#listener.on('online', () => {
      logger.info(forwarderEvents.online, { relay: relayName, targets: this.status.addresses })
    })
    this.#listener.on('offline', (error, retryInMs) => {
      const message = this.#tunnels.note(error)
      logger.warn(forwarderEvents.offline, { relay: relayName, message, retryInMs: Math.round(retryInMs) })
    })
    this.#listener.on('problem', (error) => this.#tunnels.fail(error))
  }

  /** How it is doing. */
  get status(): ForwarderStatus {
    const { targets, httpTargets = [] } = this.#options.forward
    return {
      kind: 'remote',
      state: stateOf[this.#listener.state],
      addresses: [...targets, ...httpTargets].map(addressOf),
      ...(this.#options.carriers === 'auto' && { carriers: this.#carriers.carrierCount }),
      ...this.#tunnels.status,
    }
  }

  /** Begins to listen; the relay need not be there yet. */
  start(): Promise<void> {
    this.#listener.start()
    return Promise.resolve()
  }

  /** Resolves when the relay sends senders to us; rejects only by the signal. */
  async online(signal?: AbortSignal): Promise<void> {
    if (this.#listener.state !== 'online') await once(this.#listener, 'online', { ...(signal && { signal }) })
  }

  /** Stops listening and lets open connections end for `graceMs`, then cuts them. */
  async stop({ graceMs }: { readonly graceMs: number }): Promise<void> {
    this.#carriers.stopAccepting()
    await this.#listener.close()
    await this.#tunnels.end(graceMs)
    this.#carriers[Symbol.dispose]()
    this.#http?.close()
  }

  async #onConnection(request: ConnectionRequest): Promise<void> {
    if (this.#carriers.protocolFor(request) === carrierProtocol) this.#carriers.serve(await this.#accept(request))
    else await this.#plain.serve(request)
  }

  #accept(request: ConnectionRequest): Promise<RelayedConnection> {
    const protocol = this.#carriers.protocolFor(request)
    return request.acceptRaw(protocol === undefined ? {} : { protocol })
  }

  /** @throws {RelayError} EndpointNotAllowed */
  #openWanted(wanted: WantedTarget): Promise<TunnelSocket> {
    return this.#dial(this.#allowed.demand(wanted))
  }

  async #openWantedDatagrams(wanted: WantedTarget): Promise<DatagramSocket> {
    const target = this.#allowed.demand(wanted)
    if (target.protocol !== 'udp') throw new RelayError('EndpointNotAllowed')
    return await dialDatagramTarget(target, this.#options.dialRules)
  }

  #dial(target: SingleTarget): Promise<TunnelSocket> {
    return dialTarget(target, this.#options.dialRules, (socket) => this.#tunnels.add(socket))
  }
}

const defaults = {
  allowList: new AllowList([]),
  dialRules: { attempts: 1 },
  datagramIdleTimeoutMs: defaultDatagramIdleMs,
  carriers: 'auto',
} satisfies Partial<RemoteForwarderOptions>

function checkForward({ forward, framing, allowList }: Settings): void {
  const { relayName, targets, httpTargets = [] } = forward
  for (const target of [...targets, ...httpTargets]) allowList.check(relayName, target)
  if (framing !== 'raw') return
  const [only, ...others] = targets
  if (others.length > 0 || (only && (isRange(only) || only.protocol === 'udp'))) {
    throw new RelayError('InvalidConfiguration', {
      message: `${relayName}: framing "raw" carries no port name, so only one target can be given, and no UDP`,
    })
  }
}

const stateOf = {
  idle: 'starting',
  connecting: 'offline',
  online: 'online',
  offline: 'offline',
  closed: 'stopped',
} as const
