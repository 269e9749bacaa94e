import { type AcceptMessage, endpointHeader, RelayError } from '@postern/protocol'
import { HandshakeRefused, type KeepAlive } from '@postern/websocket'
import { DialFailure, dialRelay } from '../connection/dial-relay.ts'
import type { RelayLocation } from '../connection/relay-options.ts'
import { RelayedConnection } from '../connection/relayed-connection.ts'
import { checkRendezvousAddress } from '../connection/rendezvous-address.ts'
import { RelayedStream } from '../stream/relayed-stream.ts'

/** The relay keeps an offer for 30 s; an accept that takes longer than this comes too late anyway (as .NET). */
const rendezvousTimeoutMs = 20_000

/** How a connection is accepted. */
export interface AcceptOptions {
  /** One of {@link ConnectionRequest.protocols}. */
  readonly protocol?: string
  readonly signal?: AbortSignal
}

/** How a connection is refused. */
export interface Rejection {
  /** HTTP status for the sender, 400 to 599. */
  readonly status: number
  /** Reason phrase for the sender: one line. */
  readonly description: string
}

/**
 * A sender that waits to be accepted or rejected. It waits 30 s; whoever does neither leaves it with a 408.
 *
 * @example
 * onConnection: async (request) => {
 *   if (request.headers['x-tenant'] !== 'blue') return request.reject({ status: 403, description: 'Not you' })
 *   const stream = await request.accept()
 *   stream.pipe(stream)
 * }
 */
export class ConnectionRequest {
  /** Id of the rendezvous; relay and sender log it too. */
  readonly id: string
  /** The sender's headers with lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /**
   * `host:port` that the hybrid connection stands for now, as the relay says it to a listener that declares its target.
   * Undefined with other relays, where any sender could have written it.
   */
  readonly endpoint: string | undefined
  /** Path and query that the sender asked for, as it typed them, without the relay's own parameters. */
  readonly url: string
  /** Where the sender is, as the relay sees it. */
  readonly remoteEndpoint: Readonly<AcceptMessage['remoteEndpoint']>
  readonly #relay: RelayLocation
  readonly #keepAlive: KeepAlive
  readonly #address: string
  #isAnswered = false

  constructor(message: AcceptMessage, relay: RelayLocation & { readonly isPostern: boolean }, keepAlive: KeepAlive) {
    this.id = message.id
    this.headers = lowerCaseNames(message.connectHeaders)
    this.endpoint = relay.isPostern ? this.headers[endpointHeader.toLowerCase()] : undefined
    this.remoteEndpoint = message.remoteEndpoint
    this.#relay = relay
    this.#keepAlive = keepAlive
    this.#address = checkRendezvousAddress(message.address, relay)
    this.url = applicationUrl(this.#address)
  }

  /** Subprotocols that the sender offers, its preferred one first. */
  get protocols(): readonly string[] {
    const offered = this.headers['sec-websocket-protocol']
    return offered === undefined ? [] : offered.split(',').map((name) => name.trim())
  }

  /** True after `accept` or `reject` was called. */
  get isAnswered(): boolean {
    return this.#isAnswered
  }

  /**
   * Accepts the sender.
   *
   * @throws {RelayError} when the rendezvous fails: the sender has gone, or the time is over.
   */
  async accept(options: AcceptOptions = {}): Promise<RelayedStream> {
    return new RelayedStream(await this.acceptRaw(options))
  }

  /** The same without a Node stream around it. */
  async acceptRaw({ protocol, signal }: AcceptOptions = {}): Promise<RelayedConnection> {
    this.#isAnswered = true
    const dialed = await this.#dial(this.#address, protocol, signal)
    return new RelayedConnection({ ...dialed, trackingId: this.id, keepAlive: this.#keepAlive })
  }

  /**
   * Refuses the sender: its handshake fails with this status and reason. Hybrid Connections protocol, "Rejecting".
   *
   * @throws {RelayError} when the relay cannot be reached; the sender then gets a 408 when its time is over.
   */
  async reject({ status, description }: Rejection): Promise<void> {
    this.#isAnswered = true
    const parameters = new URLSearchParams({
      'sb-hc-statusCode': String(status),
      'sb-hc-statusDescription': description.replaceAll(/\s+/g, ' '),
    })
    try {
      const { socket } = await this.#dial(`${this.#address}&${parameters.toString()}`)
      socket.destroy()
    } catch (error) {
      // The handshake of a rejection is meant to fail: any answer of the relay says that it has read it.
      if (!(error instanceof RelayError && error.cause instanceof HandshakeRefused)) throw error
    }
  }

  async #dial(url: string, protocol?: string, signal?: AbortSignal): ReturnType<typeof dialRelay> {
    try {
      return await dialRelay(this.#relay, {
        url,
        role: 'rendezvous',
        timeoutMs: rendezvousTimeoutMs,
        ...(protocol !== undefined && { protocols: [protocol] }),
        ...(signal && { signal }),
      })
    } catch (thrown) {
      throw thrown instanceof DialFailure ? thrown.error : thrown
    }
  }
}

function lowerCaseNames(headers: Readonly<Record<string, string>>): Record<string, string> {
  // Without a prototype: a header named __proto__ is a header.
  const result = Object.create(null) as Record<string, string>
  for (const [name, value] of Object.entries(headers)) result[name.toLowerCase()] = value
  return result
}

/** `/path?query` of the sender, out of `wss://host/$hc/path?query&sb-hc-action=accept&sb-hc-id=...`. */
function applicationUrl(address: string): string {
  const pathAndQuery = address.replace(/^wss?:\/\/[^/]*/i, '')
  const [path, query] = splitOnce(pathAndQuery, '?')
  const own = query.split('&').filter((parameter) => parameter !== '' && !/^sb-hc-/i.test(parameter))
  const plainPath = path.replace(/^\/(\$|%24)hc/i, '')
  return own.length > 0 ? `${plainPath}?${own.join('&')}` : plainPath
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}
