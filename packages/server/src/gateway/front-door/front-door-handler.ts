import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { RemoteEndpoint } from '../../domain/remote-endpoint.ts'

/**
 * Takes what a front door lets in. `remote` is the true source, after PROXY protocol and forwarding headers of trusted
 * proxies. Errors on the sockets are already listened for: a handler may add listeners, it need not.
 */
export interface FrontDoorHandler {
  onRequest(request: IncomingMessage, response: ServerResponse, remote: RemoteEndpoint): void
  /**
   * A request to become a WebSocket. Other `Upgrade` offers (h2c) are ignored and arrive at `onRequest`.
   * @param head bytes that the client sent behind the request; the handler owns the socket from here
   */
  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, remote: RemoteEndpoint): void
  /** A request with `Expect: 100-continue`: nothing is answered until the handler calls `response.writeContinue()`. */
  onCheckContinue(request: IncomingMessage, response: ServerResponse, remote: RemoteEndpoint): void
}
