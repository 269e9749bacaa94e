import {
  booleanMember,
  headersMember,
  type JsonObject,
  malformed,
  member,
  readCommand,
  stringMember,
} from './json-message.ts'
import type { MalformedMessage, ResponseMessage, UnknownMessage } from './messages.ts'
import { parseTargetState, type TargetState } from './postern-headers.ts'

/** What a listener can say on its control channel or on the rendezvous of a request. */
export type ListenerMessage =
  | { readonly kind: 'response'; readonly message: ResponseMessage }
  | { readonly kind: 'renewToken'; readonly token: string }
  | { readonly kind: 'target'; readonly state: TargetState }
  | UnknownMessage
  | (MalformedMessage & {
      /** The request that a response which cannot be read was for. */
      readonly requestId?: string
    })

/** Decodes a text message from a listener. Never throws: whatever cannot be read is `malformed` or `unknown`. */
export function decodeListenerMessage(text: string): ListenerMessage {
  const command = readCommand(text, ['response', 'renewToken', 'target'])
  if (command.kind !== 'command') return command
  switch (command.name) {
    case 'response':
      return decodeResponse(command.content)
    case 'renewToken':
      return decodeRenewToken(command.content)
    default:
      return decodeTarget(command.content)
  }
}

function decodeResponse(content: JsonObject): ListenerMessage {
  const requestId = stringMember(content, 'requestId')
  if (requestId === undefined || requestId === '') return malformed('response.requestId is missing')
  const statusCode = readStatusCode(member(content, 'statusCode'))
  if (statusCode === undefined) return { ...malformed('response.statusCode is not a status'), requestId }
  const responseHeaders = headersMember(content, 'responseHeaders')
  if (responseHeaders === undefined) return { ...malformed('response.responseHeaders is not an object'), requestId }
  const body = booleanMember(content, 'body')
  if (body === undefined) return { ...malformed('response.body is not a boolean'), requestId }
  const statusDescription = stringMember(content, 'statusDescription')
  const description = statusDescription === undefined ? {} : { statusDescription }
  return { kind: 'response', message: { requestId, statusCode, ...description, responseHeaders, body } }
}

function decodeRenewToken(content: JsonObject): ListenerMessage {
  const token = stringMember(content, 'token')
  return token === undefined ? malformed('renewToken.token is missing') : { kind: 'renewToken', token }
}

function decodeTarget(content: JsonObject): ListenerMessage {
  const state = parseTargetState(member(content, 'state'))
  return state === undefined ? malformed('target.state is neither up nor down') : { kind: 'target', state }
}

/** A number, or the same as text: the protocol's own example has text, and a Go client sends it (observed). */
function readStatusCode(value: unknown): number | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined
  return /^[1-9]\d\d$/.test(String(value)) ? Number(value) : undefined
}
