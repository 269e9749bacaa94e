import type { AcceptMessage, RequestMessage, ResponseMessage } from './messages.ts'
import type { TargetState } from './postern-headers.ts'

// Every encoder names the members one by one: a member that a listener does not expect ends the Java client's control
// channel when it is at the top, and so does a header value that is no string (observed).

/** Encodes an accept message. Hybrid Connections protocol, "Accept message"; `remoteEndpoint` observed. */
export function encodeAccept(message: AcceptMessage): string {
  const { address, id, connectHeaders, remoteEndpoint } = message
  return JSON.stringify({
    accept: {
      address,
      id,
      connectHeaders,
      remoteEndpoint: { address: remoteEndpoint.address, port: remoteEndpoint.port },
    },
  })
}

/**
 * Encodes a request in its full form. It always has `method` and a boolean `body`: by the absence of one or the other
 * listeners know the short form (observed).
 */
export function encodeRequest(message: RequestMessage): string {
  const { address, id, requestTarget, method, remoteEndpoint, requestHeaders, body } = message
  return JSON.stringify({
    request: {
      address,
      id,
      requestTarget,
      method,
      remoteEndpoint: { address: remoteEndpoint.address, port: remoteEndpoint.port },
      requestHeaders,
      body,
    },
  })
}

/** Encodes the short form: the listener fetches the request at the address. */
export function encodeRequestAddress({ address, id }: Pick<RequestMessage, 'address' | 'id'>): string {
  return JSON.stringify({ request: { address, id } })
}

/** Encodes a listener's response. Hybrid Connections protocol, "Responding to requests". */
export function encodeResponse(message: ResponseMessage): string {
  const { requestId, statusCode, statusDescription, responseHeaders, body } = message
  return JSON.stringify({ response: { requestId, statusCode, statusDescription, responseHeaders, body } })
}

/** Encodes a listener's new token. Hybrid Connections protocol, "Listener token renewal". */
export function encodeRenewToken(token: string): string {
  return JSON.stringify({ renewToken: { token } })
}

/** Encodes what a listener of ours says of its target, only to a relay that has said that it reads this. */
export function encodeTarget(state: TargetState): string {
  return JSON.stringify({ target: { state } })
}
