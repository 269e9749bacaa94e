import type { KeepAlivePeer } from './keep-alive.ts'
import type { WebSocketEndpoint } from './web-socket-endpoint.ts'

/** The peer of an endpoint, as a {@link KeepAlive} watches it. */
export function endpointPeer(
  endpoint: Pick<WebSocketEndpoint, 'bytesReceived' | 'isPaused' | 'ping'>,
  onSilent: () => void,
): KeepAlivePeer {
  return {
    get bytesReceived() {
      return endpoint.bytesReceived
    },
    get isPaused() {
      return endpoint.isPaused
    },
    ping: () => endpoint.ping(),
    onSilent,
  }
}
