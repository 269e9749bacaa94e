import type { RelayTarget } from '@postern/protocol'

/** A token as the caller sent it, and the place it came from. */
export interface Credential {
  readonly token: string
  readonly place: 'ServiceBusAuthorization' | 'sb-hc-token' | 'sb-hc-sas-key' | 'Authorization'
}

/** Header names are lower case, as `node:http` gives them. */
type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * Finds the token of a WebSocket handshake: the header ServiceBusAuthorization, then `sb-hc-token`, then Authorization
 * (observed; the last is how community clients send OAuth tokens).
 */
export function webSocketCredential(headers: Headers, target: RelayTarget): Credential | undefined {
  return fromHeader(headers) ?? fromQuery(target) ?? fromAuthorization(headers)
}

/**
 * Finds the token of an HTTP request: `sb-hc-token`, then ServiceBusAuthorization, then Authorization (observed). An
 * Authorization header beside either of the others belongs to the application and reaches the listener.
 */
export function requestCredential(headers: Headers, target: RelayTarget): Credential | undefined {
  return fromQuery(target) ?? fromHeader(headers) ?? fromAuthorization(headers)
}

function fromHeader(headers: Headers): Credential | undefined {
  const token = single(headers['servicebusauthorization'])
  return token === undefined ? undefined : { token, place: 'ServiceBusAuthorization' }
}

function fromQuery(target: RelayTarget): Credential | undefined {
  return target.token === undefined ? undefined : { token: target.token, place: 'sb-hc-token' }
}

function fromAuthorization(headers: Headers): Credential | undefined {
  const token = single(headers['authorization'])
  return token === undefined ? undefined : { token, place: 'Authorization' }
}

function single(value: string | readonly string[] | undefined): string | undefined {
  const text = typeof value === 'string' ? value : value?.[0]
  return text === undefined || text === '' ? undefined : text
}
