import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, isIPv6, type Server, type Socket } from 'node:net'
import type { Logger } from '@postern/program'
import { RelayError } from '@postern/protocol'
import { answerQuery, failQuery, isQuery, type NameSource, responseCodes } from './answer-query.ts'
import type { ClientNetworks } from './client-networks.ts'
import type { QueryForwarder } from './forward-query.ts'
import { formatSocketPlace, type SocketPlace } from './socket-address.ts'
import { DnsMessageReader, frameDnsMessage } from './tcp-messages.ts'

/** What a {@link DnsResponder} works with. */
export interface DnsResponderOptions {
  readonly place: SocketPlace
  readonly names: NameSource
  readonly forwarder: Pick<QueryForwarder, 'forward' | 'stop'>
  readonly clients: Pick<ClientNetworks, 'has'>
  readonly logger: Logger
}

type Transport = 'udp' | 'tcp'

/** Free ports that are tried. */
const maxFreePortAttempts = 5

const maxTcpClients = 64
/** RFC 7766 section 6.2.3 leaves it to the server. */
const tcpIdleTimeoutMs = 10_000
/** Queries of one TCP client that wait for their answers. */
const maxTcpPending = 16

/** Answers the names of endpoints by DNS, over UDP and TCP; gives everything else to other resolvers. */
export class DnsResponder implements AsyncDisposable {
  readonly place: SocketPlace
  readonly #options: DnsResponderOptions
  readonly #udp: UdpSocket
  readonly #tcp: Server
  readonly #clients = new Set<Socket>()

  private constructor(options: DnsResponderOptions, udp: UdpSocket) {
    this.#options = options
    this.#udp = udp
    this.place = { address: udp.address().address, port: udp.address().port }
    this.#tcp = createServer({ allowHalfOpen: true }, (socket) => this.#onTcpClient(socket))
    this.#tcp.maxConnections = maxTcpClients
    udp.on('message', (query, from) => {
      void this.#answer(query, from.address, 'udp').then((answer) => {
        // Nobody is told of a client that has gone.
        if (answer && this.#udp.listenerCount('message') > 0) udp.send(answer, from.port, from.address, () => {})
      })
    })
  }

  /** @throws {RelayError} InvalidConfiguration when the port cannot be had. */
  static async start(options: DnsResponderOptions): Promise<DnsResponder> {
    const { place } = options
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await DnsResponder.#listen(options)
      } catch (cause) {
        const { code, message } = cause as NodeJS.ErrnoException
        // A port that was free for UDP may be taken for TCP: any other will do.
        if (place.port === 0 && code === 'EADDRINUSE' && attempt < maxFreePortAttempts) continue
        throw new RelayError('InvalidConfiguration', {
          message: `DNS cannot be answered at ${formatSocketPlace(place)}: ${reasons[code ?? ''] ?? message}`,
          cause,
        })
      }
    }
  }

  static async #listen(options: DnsResponderOptions): Promise<DnsResponder> {
    const { address, port } = options.place
    const udp = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
    try {
      udp.bind(port, address)
      await once(udp, 'listening')
      const responder = new DnsResponder(options, udp)
      responder.#tcp.listen(responder.place.port, address)
      await once(responder.#tcp, 'listening')
      for (const server of [responder.#tcp, udp]) server.on('error', () => {})
      return responder
    } catch (error) {
      udp.close()
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#options.forwarder.stop()
    this.#udp.removeAllListeners('message')
    this.#udp.close()
    const closed = once(this.#tcp, 'close')
    this.#tcp.close()
    for (const socket of this.#clients) socket.destroy()
    await closed
  }

  #onTcpClient(socket: Socket): void {
    const reader = new DnsMessageReader()
    let pending = 0
    this.#clients.add(socket)
    socket.setTimeout(tcpIdleTimeoutMs, () => socket.destroy())
    socket.on('error', () => {})
    socket.on('close', () => this.#clients.delete(socket))
    socket.on('end', () => {
      if (pending === 0) socket.end()
    })
    const { remoteAddress = '' } = socket
    socket.on('data', (chunk) => {
      for (const query of reader.push(chunk)) {
        if (pending >= maxTcpPending) {
          socket.destroy()
          return
        }
        pending += 1
        void this.#answer(query, remoteAddress, 'tcp').then((answer) => {
          pending -= 1
          if (answer && !socket.destroyed) socket.write(frameDnsMessage(answer))
          if (pending === 0 && socket.readableEnded) socket.end()
        })
      }
    })
  }

  /** Never rejects: whatever a stranger sends, the next one is answered. */
  async #answer(query: Uint8Array, client: string, transport: Transport): Promise<Uint8Array | undefined> {
    const { names, clients, forwarder, logger } = this.#options
    try {
      if (!isQuery(query)) return undefined
      if (!clients.has(client)) return failQuery(query, responseCodes.refused)
      const decision = await answerQuery(query, names)
      if (decision.kind === 'answer') return decision.message
      const answer = await forwarder.forward(query, decision.question, transport)
      return answer ?? failQuery(query, responseCodes.serverFailure)
    } catch (error) {
      logger.warn('connector.dns-failed', { error })
      return undefined
    }
  }
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program has the port',
  EACCES: 'ports below 1024 need more rights',
  EADDRNOTAVAIL: 'this machine has no such address',
}
