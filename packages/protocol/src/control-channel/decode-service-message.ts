import type { AcceptMessage } from './accept-message.ts'
import { isObject, type JsonObject, readCommand, readHeaders, readString } from './read-fields.ts'
import type { RemoteEndpointField } from './remote-endpoint.ts'
import type { RequestMessage } from './request-message.ts'

/** What a relay may send on a control channel or rendezvous. */
export type ServiceMessage =
  | { readonly kind: 'accept'; readonly message: AcceptMessage }
  | { readonly kind: 'request'; readonly message: RequestMessage }
  /** The request waits at a rendezvous. */
  | { readonly kind: 'requestAddress'; readonly address: string; readonly id?: string }
  | { readonly kind: 'unknown'; readonly name: string }
  | { readonly kind: 'malformed'; readonly reason: string }

/** Reads a relay's text message. Never throws: it comes from outside. */
export function decodeServiceMessage(text: string): ServiceMessage {
  const command = readCommand(text)
  if (typeof command === 'string') return { kind: 'malformed', reason: command }
  const { name, body } = command
  if (name !== 'accept' && name !== 'request') return { kind: 'unknown', name: name.slice(0, 64) }
  const address = readString(body['address'])
  if (address === undefined) return { kind: 'malformed', reason: `${name} has no address` }
  const id = readString(body['id'])
  const remoteEndpoint = readRemoteEndpoint(body['remoteEndpoint'])
  if (name === 'accept') {
    const connectHeaders = readHeaders(body['connectHeaders'])
    return { kind: 'accept', message: { address, id: id ?? '', connectHeaders, remoteEndpoint } }
  }
  const method = readString(body['method'])
  if (method === undefined) return { kind: 'requestAddress', address, ...(id !== undefined && { id }) }
  return { kind: 'request', message: readRequest(body, { address, id: id ?? '', method, remoteEndpoint }) }
}

function readRequest(
  body: JsonObject,
  known: Pick<RequestMessage, 'address' | 'id' | 'method' | 'remoteEndpoint'>,
): RequestMessage {
  return {
    ...known,
    requestTarget: readString(body['requestTarget']) ?? '/',
    requestHeaders: readHeaders(body['requestHeaders']),
    body: body['body'] === true,
  }
}

function readRemoteEndpoint(value: unknown): RemoteEndpointField {
  const fields = isObject(value) ? value : {}
  const port = fields['port']
  return { address: readString(fields['address']) ?? '', port: typeof port === 'number' ? port : 0 }
}
