import {
  booleanMember,
  headersMember,
  isJsonObject,
  type JsonObject,
  malformed,
  member,
  readCommand,
  stringMember,
} from './json-message.ts'
import type {
  AcceptMessage,
  MalformedMessage,
  RemoteEndpointMember,
  RequestMessage,
  UnknownMessage,
} from './messages.ts'

/** What a relay can say on a control channel or on the rendezvous of a request. */
export type ServiceMessage =
  | { readonly kind: 'accept'; readonly message: AcceptMessage }
  | { readonly kind: 'request'; readonly message: RequestMessage }
  | { readonly kind: 'requestAddress'; readonly address: string; readonly id?: string }
  | UnknownMessage
  | MalformedMessage

/** Decodes a text message from a relay. Never throws: whatever cannot be read is `malformed` or `unknown`. */
export function decodeServiceMessage(text: string): ServiceMessage {
  const command = readCommand(text, ['accept', 'request'])
  if (command.kind !== 'command') return command
  const { name, content } = command
  const address = stringMember(content, 'address')
  if (address === undefined || address === '') return malformed(`${name}.address is missing`)
  return name === 'accept' ? decodeAccept(content, address) : decodeRequest(content, address)
}

function decodeAccept(content: JsonObject, address: string): ServiceMessage {
  const connectHeaders = headersMember(content, 'connectHeaders')
  if (connectHeaders === undefined) return malformed('accept.connectHeaders is not an object')
  const id = stringMember(content, 'id') ?? ''
  return { kind: 'accept', message: { address, id, connectHeaders, remoteEndpoint: readRemoteEndpoint(content) } }
}

/** Without `method` it is the short form: everything else waits at the address. */
function decodeRequest(content: JsonObject, address: string): ServiceMessage {
  const method = stringMember(content, 'method')
  const id = stringMember(content, 'id')
  if (method === undefined) return { kind: 'requestAddress', address, ...(id !== undefined && { id }) }
  if (id === undefined || id === '') return malformed('request.id is missing')
  const requestTarget = stringMember(content, 'requestTarget')
  if (requestTarget === undefined) return malformed('request.requestTarget is missing')
  const requestHeaders = headersMember(content, 'requestHeaders')
  if (requestHeaders === undefined) return malformed('request.requestHeaders is not an object')
  const body = booleanMember(content, 'body')
  if (body === undefined) return malformed('request.body is not a boolean')
  const remoteEndpoint = readRemoteEndpoint(content)
  return { kind: 'request', message: { address, id, requestTarget, method, remoteEndpoint, requestHeaders, body } }
}

/** The protocol text does not know it, so it may be absent: empty address, port 0. */
function readRemoteEndpoint(content: JsonObject): RemoteEndpointMember {
  const value = member(content, 'remoteEndpoint')
  const endpoint = isJsonObject(value) ? value : {}
  const port = member(endpoint, 'port')
  return { address: stringMember(endpoint, 'address') ?? '', port: typeof port === 'number' ? port : 0 }
}
