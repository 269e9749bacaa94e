import type { KeepAlivePeer } from './keep-alive.ts'
import type { WebSocketEndpoint } from './web-socket-endpoint.ts'

type WatchedEndpoint = Pick<WebSocketEndpoint, 'bytesReceived' | 'isPaused' | 'ping'>

/**
 * The peer of an endpoint, as a {@link KeepAlive} watches it. A class, and no object literal with `get`: V8 makes a hidden class of
 * its own for each of those, which costs 0.4 us and stays, with all that the getter sees, until the whole heap is searched.
 */
export class EndpointPeer implements KeepAlivePeer {
  readonly onSilent: () => void
  readonly #endpoint: WatchedEndpoint

  constructor(endpoint: WatchedEndpoint, onSilent: () => void) {
    this.#endpoint = endpoint
    this.onSilent = onSilent
  }

  get bytesReceived(): number {
    return this.#endpoint.bytesReceived
  }

  get isPaused(): boolean {
    return this.#endpoint.isPaused
  }

  ping(): void {
    this.#endpoint.ping()
  }
}
