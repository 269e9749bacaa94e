import { readCommand, readHeaders, readString } from './read-fields.ts'
import type { ResponseMessage } from './response-message.ts'

/** What a listener may send on its control channel or rendezvous. */
export type ListenerMessage =
  | { readonly kind: 'response'; readonly message: ResponseMessage }
  | { readonly kind: 'renewToken'; readonly token: string }
  | { readonly kind: 'unknown'; readonly name: string }
  | { readonly kind: 'malformed'; readonly reason: string }

/** Reads a listener's text message. Never throws: it comes from outside. */
export function decodeListenerMessage(text: string): ListenerMessage {
  const command = readCommand(text)
  if (typeof command === 'string') return { kind: 'malformed', reason: command }
  const { name, body } = command
  if (name === 'renewToken') {
    const token = readString(body['token'])
    return token === undefined
      ? { kind: 'malformed', reason: 'renewToken has no token' }
      : { kind: 'renewToken', token }
  }
  if (name !== 'response') return { kind: 'unknown', name: name.slice(0, 64) }
  const requestId = readString(body['requestId'])
  // The Go community client writes the status as a string (observed).
  const statusCode = Number(body['statusCode'])
  if (requestId === undefined) return { kind: 'malformed', reason: 'response has no requestId' }
  if (!Number.isInteger(statusCode)) return { kind: 'malformed', reason: 'response has no statusCode' }
  const statusDescription = readString(body['statusDescription'])
  return {
    kind: 'response',
    message: {
      requestId,
      statusCode,
      ...(statusDescription !== undefined && { statusDescription }),
      responseHeaders: readHeaders(body['responseHeaders']),
      body: body['body'] === true,
    },
  }
}
