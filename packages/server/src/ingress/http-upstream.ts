import * as http from 'node:http'
import type { TunnelConnection } from '@postern/carrier'
import { RelayError } from '@postern/protocol'
import { ByteStream, type StreamedBytes } from '@postern/websocket'
import type { Admitted, IngressRoute } from './ingress-route.ts'

/** Requests of one device that may wait for the target at once: pipelining clients are rare. */
const maxSockets = 16

/** The connections of one device to the target of one entry, which stay open between requests as the device's own does. */
export class HttpUpstream {
  readonly route: IngressRoute
  readonly #admitted: Admitted
  readonly #agent: TunnelAgent
  readonly #gone = new AbortController()
  #isReleased = false

  constructor(route: IngressRoute, admitted: Admitted) {
    this.route = route
    this.#admitted = admitted
    this.#agent = new TunnelAgent({ keepAlive: true, maxSockets }, () => this.#connect())
  }

  /** The device has gone, or may not go this way any more. */
  get isClosed(): boolean {
    return this.#gone.signal.aborted
  }

  /** Who has signed in; undefined where nobody does. */
  get user(): string | undefined {
    return this.#admitted.user
  }

  /** Makes a request of the same kind to the target; its body is the caller's to send. */
  request({ method, url }: http.IncomingMessage, headers: readonly string[]): http.ClientRequest {
    return http.request({ agent: this.#agent, method, path: url, headers: [...headers], setHost: false })
  }

  /** The device has gone. */
  close(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    this.#gone.abort(new RelayError('SenderGone'))
    this.#agent.destroy()
    this.#admitted.release()
  }

  async #connect(): Promise<TunnelStream> {
    let stream: TunnelStream | undefined
    await this.route.openTunnel(this.#admitted, this.#gone, (connection, first) => {
      const counts = { bytesToRelay: 0, bytesFromRelay: first.length }
      stream = new TunnelStream(counted(connection, counts))
      if (first.length > 0) stream.push(first)
      const tunnel = stream
      const noteEnd = this.route.track(counts, connection, { ...this.#admitted, release: () => {} }, () =>
        tunnel.destroy(),
      )
      let problem: Error | undefined
      tunnel.on('error', (error) => {
        problem = error
      })
      tunnel.once('close', () => noteEnd(problem))
    })
    if (!stream) throw new RelayError('TargetUnreachable')
    return stream
  }
}

class TunnelAgent extends http.Agent {
  readonly #connect: () => Promise<TunnelStream>

  constructor(options: http.AgentOptions, connect: () => Promise<TunnelStream>) {
    super(options)
    this.#connect = connect
  }

  override createConnection(
    _options: http.ClientRequestArgs,
    callback?: (error: Error | null, stream: TunnelStream) => void,
  ): undefined {
    this.#connect().then(
      (stream) => callback?.(null, stream),
      (error: Error) => (callback as ((error: Error) => void) | undefined)?.(error),
    )
  }
}

/** The same bytes, counted on their way. */
function counted(
  connection: TunnelConnection,
  counts: { bytesToRelay: number; bytesFromRelay: number },
): StreamedBytes {
  return {
    open: (handler) => {
      connection.open({
        onData: (chunk) => {
          counts.bytesFromRelay += chunk.length
          handler.onData(chunk)
        },
        onEof: () => handler.onEof(),
        onDrain: () => handler.onDrain(),
        onClosed: (error) => handler.onClosed(error),
      })
    },
    send: (bytes) => {
      counts.bytesToRelay += bytes.length
      return connection.send(bytes)
    },
    end: () => connection.end(),
    abort: () => connection.abort(),
    pause: () => connection.pause(),
    resume: () => connection.resume(),
  }
}

/** A tunnel as a stream, with what Node's HTTP client asks of its sockets. */
class TunnelStream extends ByteStream {
  setKeepAlive(): this {
    return this
  }

  setNoDelay(): this {
    return this
  }

  setTimeout(): this {
    return this
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }
}
