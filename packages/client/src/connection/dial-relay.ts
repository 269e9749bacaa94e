import type { Duplex } from 'node:stream'
import { dialWebSocket } from '@postern/websocket'
import { describeHandshakeFailure, type HandshakeFailure, type HandshakeRole } from './handshake-failure.ts'
import type { RelayLocation } from './relay-options.ts'

/** Tells relay and peer what they talk to; it is among the connect headers that a listener sees. */
const userAgent = `postern-client (node ${process.versions.node})`

/** What {@link dialRelay} opens. */
export interface RelayDial {
  readonly url: string
  readonly role: HandshakeRole
  readonly headers?: Readonly<Record<string, string>>
  readonly protocols?: readonly string[]
  readonly token?: string
  /** Bound for everything up to the relay's answer, in ms. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

/** An open WebSocket to the relay, before anybody speaks on it. */
export interface DialedSocket {
  readonly socket: Duplex
  readonly head: Uint8Array
  readonly protocol: string | undefined
  /** The relay's answer, names in lower case. */
  readonly headers: Readonly<Record<string, string>>
}

/** Thrown by {@link dialRelay}: the RelayError for the caller, and when the relay wants to see us again. */
export class DialFailure extends Error implements HandshakeFailure {
  readonly error: HandshakeFailure['error']
  readonly retryAfterMs?: number

  constructor({ error, retryAfterMs }: HandshakeFailure) {
    super(error.message, { cause: error })
    this.name = 'DialFailure'
    this.error = error
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs
  }
}

/**
 * Opens a WebSocket to the relay.
 *
 * @throws {DialFailure} when it is refused or cannot be reached; the signal's reason when it was aborted.
 */
export async function dialRelay(relay: RelayLocation, dial: RelayDial): Promise<DialedSocket> {
  const headers: Record<string, string> = {
    'User-Agent': userAgent,
    ...dial.headers,
    ...(dial.token !== undefined && { ServiceBusAuthorization: dial.token }),
  }
  try {
    const {
      socket,
      head,
      protocol,
      headers: answer,
    } = await dialWebSocket({
      url: dial.url,
      headers,
      handshakeTimeoutMs: dial.timeoutMs,
      ...(dial.protocols && { protocols: [...dial.protocols] }),
      connect: relay.openSocket,
      ...(dial.signal && { signal: dial.signal }),
    })
    return { socket, head, protocol, headers: answer }
  } catch (thrown) {
    dial.signal?.throwIfAborted()
    throw new DialFailure(describeHandshakeFailure(thrown, dial.role, new URL(dial.url).host))
  }
}
