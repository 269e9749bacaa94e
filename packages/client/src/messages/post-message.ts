import { randomUUID } from 'node:crypto'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { isRelayError, maxMessageBytes, RelayError } from '@postern/protocol'
import { describeHandshakeFailure, describeRefusal } from '../connection/handshake-failure.ts'
import { hybridConnectionTarget, type RelayLocation } from '../connection/relay-options.ts'
import { requestThrough } from '../connection/request-through.ts'
import {
  checkMessageSize,
  contentTypeOf,
  type MessageAction,
  type MessageBody,
  type MessageOptions,
  type MessageReceipt,
} from './message-options.ts'
import { unknownDelivery } from './unknown-delivery.ts'

/** A body that comes in pieces, as Node streams and web streams give them. It is read whole before it is sent. */
export type MessageSource = AsyncIterable<string | Uint8Array>

const defaultTimeoutMs = 20_000

/** Explanations of the relay are shorter; the rest belongs to somebody on the way. */
const maxAnswerBytes = 8_192

/** They say where the body ends or whose the request is, which is not for callers to say. */
const ownHeaders: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'host',
  'servicebusauthorization',
  'transfer-encoding',
  'upgrade',
])

/**
 * Sends one message by POST, over a connection of its own. docs/protocol/messages.md, "Sending one message".
 *
 * @throws {RelayError} as {@link Sender.send}
 */
export async function postMessage(
  relay: RelayLocation,
  action: MessageAction,
  source: MessageBody | MessageSource,
  options: MessageOptions,
): Promise<MessageReceipt> {
  const deadline = AbortSignal.timeout(options.timeoutMs ?? defaultTimeoutMs)
  const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline
  const headers = headersOf(source, options)
  const body = await readWhole(source, options.maxMessageBytes ?? maxMessageBytes, signal)
  try {
    return await post(relay, { action, body, headers, options, signal, isFresh: false })
  } catch (thrown) {
    // Nothing was delivered, and a provider's cache does not know how the relay's clock is set.
    if (!isRelayError(thrown, 'TokenExpired') || relay.tokenProvider === undefined) throw thrown
    return post(relay, { action, body, headers, options, signal, isFresh: true })
  }
}

interface Post {
  readonly action: MessageAction
  readonly body: Uint8Array
  readonly headers: Readonly<Record<string, string>>
  readonly options: MessageOptions
  readonly signal: AbortSignal
  readonly isFresh: boolean
}

async function post(relay: RelayLocation, { action, body, headers, options, signal, isFresh }: Post) {
  const { audience, tokenProvider, host, port, tls, openSocket } = relay
  const token = await tokenProvider?.getToken({ audience, fresh: isFresh, signal })
  const { suffix, query } = options
  const request = requestThrough(openSocket, {
    host,
    port,
    secure: tls !== false,
    method: 'POST',
    path: hybridConnectionTarget(relay, {
      action,
      id: randomUUID(),
      ...(suffix !== undefined && { subPath: suffix }),
      ...(query !== undefined && { query }),
    }),
    headers: {
      ...headers,
      'content-length': body.length,
      ...(token && { servicebusauthorization: token.text }),
    },
    signal,
  })
  return exchange(request, body, { outer: options.signal, target: `${host}:${port}` })
}

/** Sends the body and reads what the relay says to it. */
function exchange(
  request: ClientRequest,
  body: Uint8Array,
  { outer, target }: { readonly outer: AbortSignal | undefined; readonly target: string },
): Promise<MessageReceipt> {
  return new Promise((resolve, reject) => {
    let isSent = false
    const fail = (cause: Error): void => {
      if (outer?.aborted) return reject(outer.reason)
      const { error } = describeHandshakeFailure(timeoutBehind(cause), 'messages', target)
      reject(isSent ? unknownDelivery(error) : error)
    }
    request
      .once('error', fail)
      // Before that the relay has not had the message whole.
      .once('finish', () => {
        isSent = true
      })
      .once('response', (response: IncomingMessage) => {
        readAnswer(response).then(
          (text) => {
            const outcome = readReceipt(response, text)
            if (outcome instanceof RelayError) reject(outcome)
            else resolve(outcome)
          },
          (cause: Error) => fail(cause),
        )
      })
      .end(body)
  })
}

/** An aborted request of Node says only that it was aborted. */
function timeoutBehind(thrown: Error): Error {
  const { cause } = thrown
  return thrown.name === 'AbortError' && cause instanceof Error ? cause : thrown
}

async function readAnswer(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    chunks.push(chunk)
    if (bytes > maxAnswerBytes) break
  }
  return Buffer.concat(chunks).toString('utf8', 0, maxAnswerBytes)
}

function readReceipt(
  { statusCode: status = 0, statusMessage = '', headers }: IncomingMessage,
  text: string,
): MessageReceipt | RelayError {
  const receivers = headers['sb-hc-receivers']
  const messageId = headers['sb-hc-message-id']
  if (status === 202 && typeof receivers === 'string' && /^\d{1,9}$/.test(receivers) && typeof messageId === 'string') {
    return { receivers: Number(receivers), messageId }
  }
  if (status >= 200 && status < 300) {
    return new RelayError('ProtocolViolation', {
      message: `The relay answered ${status} without saying how many receivers the message has`,
      help: 'It took the message for an ordinary request, and a listener has answered: this relay knows no messages.',
    })
  }
  // HTTP/2 has no reason phrases, and proxies that speak it on the way drop them: the body has the same text.
  const reason = /TrackingId:/.test(statusMessage) ? statusMessage : (text.split('\n', 1)[0] ?? '') || statusMessage
  return describeRefusal({ status, reason, headers: headers as Readonly<Record<string, string>> }, 'messages').error
}

function headersOf(source: unknown, { headers = {}, contentType }: MessageOptions): Record<string, string> {
  const result: Record<string, string> = { 'content-type': contentType ?? contentTypeOf(source) }
  for (const [name, value] of Object.entries(headers)) {
    const key = name.toLowerCase()
    if (ownHeaders.has(key) || key.startsWith('sb-hc-') || !isHeader(name, value)) {
      throw new RelayError('InvalidConfiguration', {
        message: `A message cannot have the header "${name.replaceAll(/[^\x20-\x7e]/g, '?')}"`,
        help: 'Name and value must be those of an HTTP header; the relay and this program set some themselves.',
      })
    }
    result[key] = value
  }
  return result
}

/** RFC 9110 section 5. */
function isHeader(name: string, value: string): boolean {
  return /^[!#$%&'*+.^`|~\w-]+$/.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value)
}

async function readWhole(
  source: MessageBody | MessageSource,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (typeof source === 'string' || source instanceof Uint8Array) {
    const body = typeof source === 'string' ? Buffer.from(source) : source
    checkMessageSize(body.length, maxBytes)
    return body
  }
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of source) {
    signal.throwIfAborted()
    const part = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    bytes += part.length
    checkMessageSize(bytes, maxBytes)
    chunks.push(part)
  }
  return Buffer.concat(chunks)
}
