import type { Framing, TunnelSocket } from '@postern/carrier'
import {
  DatagramTunnel,
  encodePreambleReply,
  formatCloseReason,
  formatTargetAway,
  portNameHeader,
  sendOrDrop,
} from '@postern/carrier'
import type { ConnectionRequest, RelayedConnection } from '@postern/client'
import { errorTable, RelayError } from '@postern/protocol'
import { addressOf, isRange, type PortTarget, type RemoteTarget, type SingleTarget } from './forward.ts'
import type { OpenTunnels } from './open-tunnels.ts'
import type { AllowedTargets } from './targets/allowed-targets.ts'
import { answerTargetRequest } from './targets/answer-target-request.ts'
import { dialDatagramTarget } from './targets/datagram-target.ts'
import type { DialRules } from './targets/dial-target.ts'

/** UDP sessions of one forwarder; each holds a socket of this machine. */
const maxDatagramSessions = 1_024

/** What {@link PlainSenders} works with. */
export interface PlainSendersOptions {
  /** Told to senders whose target is away, so that they ask another listener. */
  readonly listenerId: string
  readonly targets: readonly RemoteTarget[]
  readonly allowed: AllowedTargets
  readonly framing: Framing
  readonly tunnels: OpenTunnels
  readonly dialRules: DialRules
  readonly datagramIdleTimeoutMs: number
  readonly accept: (request: ConnectionRequest) => Promise<RelayedConnection>
  readonly dial: (target: SingleTarget) => Promise<TunnelSocket>
}

/** Senders that have a relayed connection each: azbridge, or anybody with bare bytes. */
export class PlainSenders {
  readonly #options: PlainSendersOptions
  #datagramSessions = 0

  constructor(options: PlainSendersOptions) {
    this.#options = options
  }

  /** Leads a sender to its target, or tells it why not. */
  async serve(request: ConnectionRequest): Promise<void> {
    const target = this.#foresee(request)
    if (typeof target === 'string')
      await this.#reject(request, new RelayError('TargetUnreachable', { message: target }))
    else if (!target || target.protocol === 'udp') this.#readPreamble(await this.#options.accept(request))
    else await this.#serveKnownTarget(request, target)
  }

  /** The target, where it is known before the sender has said a word; a text when there is none for it. */
  #foresee(request: ConnectionRequest): SingleTarget | string | undefined {
    const { targets } = this.#options
    const [only, ...others] = targets
    const wanted = request.headers[portNameHeader.toLowerCase()]
    if (wanted !== undefined && this.#options.framing !== 'raw') return this.#options.allowed.find(decodeName(wanted))
    return only && others.length === 0 && !isRange(only) ? only : undefined
  }

  /** One that is away becomes a status and a reason for the sender instead of a connection that breaks. */
  async #serveKnownTarget(request: ConnectionRequest, target: SingleTarget): Promise<void> {
    let socket: TunnelSocket
    try {
      socket = await this.#options.dial(target)
    } catch (error) {
      await this.#reject(request, error as Error)
      return
    }
    try {
      const connection = await this.#options.accept(request)
      if (this.#options.framing === 'raw') this.#options.tunnels.join(socket, connection)
      else this.#readPreamble(connection, { target, socket })
    } catch (error) {
      socket.cut()
      throw error
    }
  }

  async #reject(request: ConnectionRequest, error: Error): Promise<void> {
    this.#options.tunnels.fail(error)
    const description = formatTargetAway(error.message, this.#options.listenerId)
    await request.reject({ status: errorTable.TargetUnreachable.httpStatus, description })
  }

  #readPreamble(connection: RelayedConnection, dialed?: { target: SingleTarget; socket: TunnelSocket }): void {
    answerTargetRequest(connection, {
      find: (portName) => this.#options.allowed.find(portName),
      onTarget: (target, first) => {
        const isDialed = dialed !== undefined && addressOf(dialed.target) === addressOf(target)
        if (dialed && !isDialed) dialed.socket.cut()
        if (target.protocol === 'udp') this.#serveDatagrams(target, connection, first)
        else if (isDialed) this.#joinStream(dialed.socket, connection, first)
        else this.#dialLate(target, connection, first)
      },
      onRefused: (reason) => {
        if (dialed) dialed.socket.cut()
        this.#options.tunnels.fail(
          new RelayError('TargetUnreachable', { message: reason, trackingId: connection.trackingId }),
        )
      },
    })
  }

  #joinStream(socket: TunnelSocket, connection: RelayedConnection, first: Uint8Array): void {
    connection.send(encodePreambleReply('accepted', 'stream'))
    this.#options.tunnels.join(socket, connection, first)
  }

  /** A sender that did not say beforehand what it wants (azbridge) waits, accepted, until the target is there. */
  #dialLate(target: SingleTarget, connection: RelayedConnection, first: Uint8Array): void {
    const waiting = this.#wait(connection, first)
    this.#options.dial(target).then(
      (socket) => {
        if (!waiting.isOver) return this.#joinStream(socket, connection, waiting.take())
        socket.cut()
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
        const noteEnd = this.#options.tunnels.noteOpened(connection)
        const release = this.#options.tunnels.track(() => connection.abort())
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
    this.#options.tunnels.fail(error)
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
}

/** A sender that was accepted and is not answered yet. */
interface Waiting {
  /** It has ended, or has gone. */
  readonly isOver: boolean
  /** What it has said. */
  take(): Uint8Array
}

function decodeName(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
