import type { Socket as DatagramSocket } from 'node:dgram'
import {
  CarrierRunner,
  type CarrierStream,
  type CreditBudget,
  carrierProtocol,
  DatagramTunnel,
  defaultDatagramIdleMs,
  ListenerSession,
  limitsOf,
  plainProtocol,
  type ResumeRules,
  readStreamContext,
  resetOf,
  StreamConnection,
  sendOrDrop,
  type TunnelSocket,
} from '@postern/carrier'
import type { ConnectionRequest, RelayedConnection } from '@postern/client'
import { RelayError } from '@postern/protocol'
import type { OpenTunnels } from '../open-tunnels.ts'
import type { CarrierMode } from './relay-ways.ts'

/** What the sender's end of a stream asks for. It is a wish: whoever opens targets has the last word. */
export interface WantedTarget {
  readonly kind: 'tcp' | 'udp'
  /** Port name or `host:port`; empty for the only one. */
  readonly target: string
  readonly trackingId: string
  /** Who asks, as far as the other end has said; for the log alone. */
  readonly client: string | undefined
}

/** What {@link CarrierServer} works with. */
export interface CarrierServerOptions {
  /** The same as that of the listener. */
  readonly listenerId: string
  readonly mode: CarrierMode
  readonly budget?: CreditBudget | undefined
  readonly resume?: ResumeRules | undefined
  readonly tunnels: OpenTunnels
  /** Checks and opens a target; a RelayError EndpointNotAllowed is told as a refusal, its text goes to the other end. */
  readonly open: (wanted: WantedTarget) => Promise<TunnelSocket>
  readonly openDatagrams?: (wanted: WantedTarget) => Promise<DatagramSocket>
  readonly datagramIdleTimeoutMs?: number
  /** A stream that led nowhere; its sender was told. Default: the tunnels take note. */
  readonly onFailed?: (error: unknown, wanted: WantedTarget) => void
}

/** Targets that are being dialed at a time; who asks for more has to wait for none of them. */
const maxDialing = 1_024

/** UDP streams of one server; each holds a socket of this machine. */
const maxDatagramStreams = 1_024

/** The listener's end of carriers: leads each stream to the target that it may have. */
export class CarrierServer implements Disposable {
  readonly #options: CarrierServerOptions
  /** Made for the first carrier: most listeners of a process with hundreds of them have none. */
  #runner: CarrierRunner | undefined
  #session: ListenerSession | undefined
  #dialing = 0
  #datagramStreams = 0
  #isStopping = false

  constructor(options: CarrierServerOptions) {
    this.#options = options
  }

  /** Carriers that are open now. */
  get carrierCount(): number {
    return this.#runner?.carriers.length ?? 0
  }

  /**
   * The subprotocol with which a sender is to be accepted; undefined for one that offers none of ours. One that is accepted
   * with the carrier protocol is for {@link CarrierServer.serve}.
   */
  protocolFor({ protocols }: ConnectionRequest): string | undefined {
    if (this.#options.mode === 'auto' && protocols.includes(carrierProtocol)) return carrierProtocol
    return protocols.includes(plainProtocol) ? plainProtocol : undefined
  }

  /** Serves the streams of a connection that was accepted as a carrier. */
  serve(connection: RelayedConnection): void {
    this.#runner ??= this.#createRunner()
    this.#runner.add(connection)
  }

  /** Takes no new streams; those that are open go on. */
  stopAccepting(): void {
    this.#isStopping = true
  }

  /** Ends all carriers; streams that are still open are cut. */
  [Symbol.dispose](): void {
    this.#session?.[Symbol.dispose]()
    this.#runner?.[Symbol.dispose]()
  }

  #createRunner(): CarrierRunner {
    const { listenerId, budget, resume } = this.#options
    const session = new ListenerSession({
      id: listenerId,
      nowMs: performance.now(),
      onStream: (stream) => this.#onStream(stream),
      limits: limitsOf(resume),
      ...(budget && { budget }),
    })
    this.#session = session
    return new CarrierRunner({ session })
  }

  #onStream(stream: CarrierStream): void {
    const { trackingId = 'unknown', client } = readStreamContext(stream.context)
    const connection = new StreamConnection({ trackingId, client, cutCode: 'target-reset' })
    connection.attach(stream)
    stream.setHandler(connection)
    if (this.#isStopping) stream.reset('overloaded', 'The listener is stopping')
    else if (this.#dialing >= maxDialing) stream.reset('overloaded', 'The listener dials too many targets already')
    else void this.#lead(stream, connection)
  }

  async #lead(stream: CarrierStream, connection: StreamConnection): Promise<void> {
    const { kind, target } = stream
    const { trackingId, client } = connection
    const wanted = { kind, target, trackingId, client }
    this.#dialing += 1
    try {
      if (kind === 'udp') await this.#leadDatagrams(wanted, stream, connection)
      else this.#join(await this.#options.open(wanted), stream, connection)
    } catch (error) {
      const { tunnels, onFailed = (problem) => tunnels.fail(problem) } = this.#options
      onFailed(error, wanted)
      const { code, reason } = resetOf(error)
      stream.reset(code, reason)
    } finally {
      this.#dialing -= 1
    }
  }

  #join(socket: TunnelSocket, stream: CarrierStream, connection: StreamConnection): void {
    if (stream.isClosed) return socket.cut()
    stream.confirmConnected()
    this.#options.tunnels.join(socket, connection)
  }

  async #leadDatagrams(wanted: WantedTarget, stream: CarrierStream, connection: StreamConnection): Promise<void> {
    const { tunnels, openDatagrams, datagramIdleTimeoutMs = defaultDatagramIdleMs } = this.#options
    if (!openDatagrams) throw new RelayError('EndpointNotAllowed', { message: 'There is no UDP target here' })
    if (this.#datagramStreams >= maxDatagramStreams) {
      throw new RelayError('ServerBusy', { message: 'Too many UDP sessions at a time' })
    }
    this.#datagramStreams += 1
    let socket: DatagramSocket
    try {
      socket = await openDatagrams(wanted)
    } catch (error) {
      this.#datagramStreams -= 1
      throw error
    }
    const noteEnd = tunnels.noteOpened(connection)
    const release = tunnels.track(() => connection.abort())
    const tunnel = new DatagramTunnel({
      connection,
      first: new Uint8Array(0),
      idleTimeoutMs: datagramIdleTimeoutMs,
      onDatagram: (datagram) => sendOrDrop(socket, datagram),
      onClosed: (result) => {
        this.#datagramStreams -= 1
        socket.close()
        release()
        noteEnd(result)
      },
    })
    socket.on('message', (datagram) => tunnel.send(datagram))
    stream.confirmConnected()
  }
}
