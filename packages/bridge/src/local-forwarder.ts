import type { AcceptedSocket, Framing, HurriedRequest, SenderCarriers, TunnelSocket } from '@postern/carrier'
import { defaultDatagramIdleMs, FarEnd, NetSocket } from '@postern/carrier'
import type { Sender } from '@postern/client'
import type { Logger } from '@postern/program'
import { DatagramEntrance } from './datagram-entrance.ts'
import type { BindRules, Entrance } from './entrance.ts'
import type { LocalBinding, LocalForward } from './forward.ts'
import { type Forwarder, type ForwarderStatus, forwarderEvents } from './forwarder.ts'
import { OpenTunnels } from './open-tunnels.ts'
import { openStreamEntrance } from './stream-entrance.ts'

/** What a LocalForwarder works with. */
export interface LocalForwarderOptions {
  readonly forward: LocalForward
  /** Opens connections to the hybrid connection that the forward names. */
  readonly sender: Sender
  /** Those of the same sender; without them every connection gets a relayed connection of its own. */
  readonly carriers?: SenderCarriers | undefined
  /** What streams of carriers ask for, as `host:port`. Default: the port name, or the only target with framing `raw`. */
  readonly target?: string
  readonly framing: Framing
  readonly logger: Logger
  /** How ports are bound where the binding says nothing. Default: loopback. */
  readonly bindRules?: BindRules
  /** Tries for one connection, a second apart. Default 1. */
  readonly connectionAttempts?: number
  /** After so long without a datagram a UDP session ends. Default 4 min. */
  readonly datagramIdleTimeoutMs?: number
  /** False to go on with the other ports when one cannot be bound. Default true. */
  readonly exitOnForwardFailure?: boolean
}

/** Listens on ports and sockets of this machine; every connection becomes a tunnel. */
export class LocalForwarder implements Forwarder {
  readonly #options: LocalForwarderOptions
  readonly #tunnels: OpenTunnels
  readonly #farEnd: FarEnd
  readonly #entrances: Entrance[] = []
  #state: ForwarderStatus['state'] = 'starting'

  constructor(options: LocalForwarderOptions) {
    const { forward, sender, carriers, target, framing, logger, connectionAttempts } = options
    this.#options = options
    this.#tunnels = new OpenTunnels({ relayName: forward.relayName, keyName: sender.keyName, logger })
    this.#farEnd = new FarEnd({ sender, carriers, target, framing, attempts: connectionAttempts })
  }

  /** How it is doing; `addresses` are those that were really bound. */
  get status(): ForwarderStatus {
    return {
      kind: 'local',
      state: this.#state,
      addresses: this.#entrances.map(({ address }) => address),
      ...(this.#options.carriers && { carriers: this.#options.carriers.carrierCount }),
      ...this.#tunnels.status,
    }
  }

  /**
   * Opens the ports.
   *
   * @throws {RelayError} InvalidConfiguration when one of them cannot be bound; none stays open then.
   */
  async start(): Promise<void> {
    const { forward, logger, exitOnForwardFailure = true } = this.#options
    for (const binding of forward.bindings) {
      try {
        this.#entrances.push(await this.#open(binding))
      } catch (error) {
        if (!exitOnForwardFailure) {
          this.#tunnels.fail(error)
          continue
        }
        await this.stop({ graceMs: 0 })
        throw error
      }
    }
    this.#state = this.#entrances.length > 0 ? 'online' : 'offline'
    if (this.#state === 'online') {
      logger.info(forwarderEvents.listening, { relay: forward.relayName, addresses: this.status.addresses })
    }
  }

  /** Closes the ports and lets open connections end for `graceMs`, then cuts them. */
  async stop({ graceMs }: { readonly graceMs: number }): Promise<void> {
    this.#state = 'stopped'
    for (const entrance of this.#entrances) entrance.close()
    await this.#tunnels.end(graceMs)
  }

  #open(binding: LocalBinding): Promise<Entrance> {
    const { forward, bindRules, datagramIdleTimeoutMs = defaultDatagramIdleMs } = this.#options
    const rules = bindRules ?? { gatewayPorts: false, addressFamily: undefined }
    const { relayName } = forward
    if (binding.protocol === 'udp') {
      return DatagramEntrance.open({
        relayName,
        binding,
        rules,
        farEnd: this.#farEnd,
        tunnels: this.#tunnels,
        idleTimeoutMs: datagramIdleTimeoutMs,
      })
    }
    return openStreamEntrance({
      relayName,
      binding,
      rules,
      onSocket: (socket) => this.#accept(socket, binding.portName),
      onProblem: (error) => this.#tunnels.fail(error),
    })
  }

  #accept(accepted: AcceptedSocket, portName: string): void {
    let socket: TunnelSocket = accepted
    const request: HurriedRequest = {
      mode: 'stream',
      portName,
      client: clientOf(accepted),
      onOpened: (connection, first) => this.#tunnels.join(socket, connection, first),
      onDisappointed: (error) => this.#tunnels.fail(error),
    }
    // One that has to wait is watched: nobody goes on looking for a client that has gone.
    if (!this.#farEnd.mayOpenAtOnce(request)) socket = new NetSocket(accepted.toNodeSocket())
    this.#tunnels.add(socket)
    try {
      if (!this.#farEnd.openAtOnce(request)) this.#search(socket, request)
    } catch (error) {
      this.#refuse(socket, error)
    }
  }

  #search(socket: TunnelSocket, request: HurriedRequest): void {
    const gone = new AbortController()
    let isOpen = false
    // An abort that nobody hears makes an error with its stack all the same.
    socket.onceClosed(() => isOpen || gone.abort())
    this.#farEnd.open({ ...request, signal: gone.signal }).then(
      () => (isOpen = true),
      (error: unknown) => this.#refuse(socket, error),
    )
  }

  /** An error that follows from the client's own leaving is nobody's concern. */
  #refuse(socket: TunnelSocket, error: unknown): void {
    if (socket.isClosing) return
    this.#tunnels.fail(error)
    socket.cut()
  }
}

function clientOf({ remoteAddress, remotePort }: TunnelSocket): string | undefined {
  if (remoteAddress === undefined || remotePort === undefined) return undefined
  return remoteAddress.includes(':') ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`
}
