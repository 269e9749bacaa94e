import { randomUUID } from 'node:crypto'
import type { Socket as DatagramSocket } from 'node:dgram'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { type CreditBudget, carrierProtocol } from '@postern/carrier'
import { type ConnectionRequest, Listener, type ListenerOptions, type RelayedConnection } from '@postern/client'
import type { Logger } from '@postern/program'
import { errorTable, RelayError } from '@postern/protocol'
import { AllowList } from './allow-list.ts'
import { answerTargetRequest } from './answer-target-request.ts'
import { CarrierServer, type WantedTarget } from './carriers/carrier-server.ts'
import type { CarrierMode } from './carriers/relay-ways.ts'
import { cutSocket } from './cut-socket.ts'
import { dialDatagramTarget } from './datagram-target.ts'
import { DatagramTunnel, defaultDatagramIdleMs } from './datagram-tunnel.ts'
import { type DialRules, dialTarget } from './dial-target.ts'
import { findTarget, findWantedTarget, namesOf } from './find-target.ts'
import { addressOf, isRange, type PortTarget, type RemoteForward, type SingleTarget } from './forward.ts'
import { type Forwarder, type ForwarderStatus, type Framing, forwarderEvents } from './forwarder.ts'
import { HttpForwarder } from './http-forwarder.ts'
import { OpenTunnels } from './open-tunnels.ts'
import { formatCloseReason, formatPortNameRefusal, portNameHeader } from './port-name-refusal.ts'
import { encodePreambleReply } from './preamble.ts'
import { sendOrDrop } from './send-or-drop.ts'
import { formatTargetAway } from './target-away.ts'

/** UDP sessions of one forwarder; each holds a socket of this machine. */
const maxDatagramSessions = 1_024

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
}

/** What is filled in. */
type Settings = RemoteForwarderOptions & Required<Omit<RemoteForwarderOptions, 'budget'>>

/** Listens on a hybrid connection; every sender is led to a service that this machine can reach. */
export class RemoteForwarder implements Forwarder {
  readonly #options: Settings
  readonly #listener: Listener
  readonly #listenerId = randomUUID()
  readonly #tunnels: OpenTunnels
  readonly #http: HttpForwarder | undefined
  readonly #carriers: CarrierServer
  #datagramSessions = 0

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
    this.#carriers = new CarrierServer({
      listenerId: this.#listenerId,
      mode: options.carriers,
      budget: options.budget,
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
    else await this.#servePlain(request)
  }

  #accept(request: ConnectionRequest): Promise<RelayedConnection> {
    const protocol = this.#carriers.protocolFor(request)
    return request.acceptRaw(protocol === undefined ? {} : { protocol })
  }

  async #servePlain(request: ConnectionRequest): Promise<void> {
    const target = this.#foresee(request)
    if (typeof target === 'string')
      await this.#reject(request, new RelayError('TargetUnreachable', { message: target }))
    else if (!target || target.protocol === 'udp') this.#readPreamble(await this.#accept(request))
    else await this.#serveKnownTarget(request, target)
  }

  /** The target, where it is known before the sender has said a word; a text when there is none for it. */
  #foresee(request: ConnectionRequest): SingleTarget | string | undefined {
    const { targets } = this.#options.forward
    const [only, ...others] = targets
    const wanted = request.headers[portNameHeader.toLowerCase()]
    if (wanted !== undefined && this.#options.framing !== 'raw') return this.#find(decodeName(wanted))
    return only && others.length === 0 && !isRange(only) ? only : undefined
  }

  /** One that is away becomes a status and a reason for the sender instead of a connection that breaks. */
  async #serveKnownTarget(request: ConnectionRequest, target: SingleTarget): Promise<void> {
    let socket: Socket
    try {
      socket = await this.#dial(target)
    } catch (error) {
      await this.#reject(request, error as Error)
      return
    }
    try {
      const connection = await this.#accept(request)
      if (this.#options.framing === 'raw') this.#tunnels.join(socket, connection)
      else this.#readPreamble(connection, { target, socket })
    } catch (error) {
      cutSocket(socket)
      throw error
    }
  }

  async #reject(request: ConnectionRequest, error: Error): Promise<void> {
    this.#tunnels.fail(error)
    const description = formatTargetAway(error.message, this.#listenerId)
    await request.reject({ status: errorTable.TargetUnreachable.httpStatus, description })
  }

  #readPreamble(connection: RelayedConnection, dialed?: { target: SingleTarget; socket: Socket }): void {
    answerTargetRequest(connection, {
      find: (portName) => this.#find(portName),
      onTarget: (target, first) => {
        const isDialed = dialed !== undefined && addressOf(dialed.target) === addressOf(target)
        if (dialed && !isDialed) cutSocket(dialed.socket)
        if (target.protocol === 'udp') this.#serveDatagrams(target, connection, first)
        else if (isDialed) this.#joinStream(dialed.socket, connection, first)
        else this.#dialLate(target, connection, first)
      },
      onRefused: (reason) => {
        if (dialed) cutSocket(dialed.socket)
        this.#tunnels.fail(new RelayError('TargetUnreachable', { message: reason, trackingId: connection.trackingId }))
      },
    })
  }

  #joinStream(socket: Socket, connection: RelayedConnection, first: Uint8Array): void {
    connection.send(encodePreambleReply('accepted', 'stream'))
    this.#tunnels.join(socket, connection, first)
  }

  /** A sender that did not say beforehand what it wants (azbridge) waits, accepted, until the target is there. */
  #dialLate(target: SingleTarget, connection: RelayedConnection, first: Uint8Array): void {
    const waiting = this.#wait(connection, first)
    this.#dial(target).then(
      (socket) => {
        if (!waiting.isOver) return this.#joinStream(socket, connection, waiting.take())
        cutSocket(socket)
        connection.abort()
      },
      (error: Error) => this.#failLate(connection, error),
    )
  }

  #serveDatagrams(target: PortTarget, connection: RelayedConnection, first: Uint8Array): void {
    if (this.#datagramSessions >= maxDatagramSessions) {
      this.#failLate(connection, new RelayError('TargetUnreachable', { message: 'Too many UDP sessions at a time' }))
      return
    }
    this.#datagramSessions += 1
    const waiting = this.#wait(connection, first)
    dialDatagramTarget(target, this.#options.dialRules).then(
      (socket) => {
        if (waiting.isOver) {
          this.#datagramSessions -= 1
          socket.close()
          connection.abort()
          return
        }
        connection.send(encodePreambleReply('accepted', 'datagram'))
        const noteEnd = this.#tunnels.noteOpened(connection)
        const release = this.#tunnels.track(() => connection.abort())
        const tunnel = new DatagramTunnel({
          connection,
          first: waiting.take(),
          idleTimeoutMs: this.#options.datagramIdleTimeoutMs,
          onDatagram: (datagram) => sendOrDrop(socket, datagram),
          onClosed: (result) => {
            this.#datagramSessions -= 1
            socket.close()
            release()
            noteEnd(result)
          },
        })
        socket.on('message', (datagram) => tunnel.send(datagram))
      },
      (error: Error) => {
        this.#datagramSessions -= 1
        this.#failLate(connection, error)
      },
    )
  }

  #failLate(connection: RelayedConnection, error: Error): void {
    this.#tunnels.fail(error)
    connection.fail(errorTable.TargetUnreachable.closeCode, formatCloseReason(error.message))
  }

  /** Keeps what a sender says before its target is there; a sender waits for our answer, so that it is nearly nothing. */
  #wait(connection: RelayedConnection, first: Uint8Array): Waiting {
    const chunks = [first]
    const waiting = { isOver: false, take: () => Buffer.concat(chunks.splice(0)) }
    const onOver = (): void => {
      waiting.isOver = true
    }
    connection.open({
      onData: (chunk) => {
        chunks.push(new Uint8Array(chunk))
        connection.pause()
      },
      onEof: onOver,
      onDrain: () => {},
      onClosed: onOver,
    })
    return waiting
  }

  #find(portName: string): SingleTarget | string {
    const { forward, allowList } = this.#options
    const target = findTarget(forward.targets, portName)
    if (!target) {
      return formatPortNameRefusal({ listenerId: this.#listenerId, portName, known: namesOf(forward.targets) })
    }
    if (target.protocol !== 'unix' && !allowList.allows(target.host, target.port)) {
      return `${addressOf(target)} is not in the allow-list`
    }
    return target
  }

  /** The target of a stream, by port name, by `host:port`, or the only one. @throws {RelayError} EndpointNotAllowed */
  #findWanted({ kind, target: wanted }: WantedTarget): SingleTarget {
    const { forward, allowList } = this.#options
    const found = findWantedTarget(forward.targets, wanted)
    if (found && (found.protocol === 'udp') !== (kind === 'udp')) {
      const message = `There is a ${kind === 'udp' ? 'TCP' : 'UDP'} target under the name "${wanted}"`
      throw new RelayError('EndpointNotAllowed', { message })
    }
    const target = found && (found.protocol === 'unix' || allowList.allows(found.host, found.port)) ? found : undefined
    if (target) return target
    const message = found
      ? `${addressOf(found)} is not in the allow-list`
      : formatPortNameRefusal({ listenerId: this.#listenerId, portName: wanted, known: namesOf(forward.targets) })
    throw new RelayError('EndpointNotAllowed', { message })
  }

  async #openWanted(wanted: WantedTarget): Promise<Socket> {
    return await this.#dial(this.#findWanted(wanted))
  }

  async #openWantedDatagrams(wanted: WantedTarget): Promise<DatagramSocket> {
    const target = this.#findWanted(wanted)
    if (target.protocol !== 'udp') throw new RelayError('EndpointNotAllowed')
    return await dialDatagramTarget(target, this.#options.dialRules)
  }

  #dial(target: SingleTarget): Promise<Socket> {
    return dialTarget(target, this.#options.dialRules, (socket) => this.#tunnels.add(socket))
  }
}

/** A sender that was accepted and is not answered yet. */
interface Waiting {
  /** It has ended, or has gone. */
  readonly isOver: boolean
  /** What it has said. */
  take(): Uint8Array
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

function decodeName(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const stateOf = {
  idle: 'starting',
  connecting: 'offline',
  online: 'online',
  offline: 'offline',
  closed: 'stopped',
} as const
