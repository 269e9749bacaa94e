import { isUtf8 } from 'node:buffer'
import { encodeRequest, formatRendezvousAddress } from '@postern/protocol'
import { encodeFrame, Opcode } from '@postern/websocket'
import type { Message } from './message.ts'

/** `text/*`, JSON and XML, also as a suffix such as `application/soap+xml`. */
const textTypes = /^\s*(?:text\/|application\/(?:[\w.!#$&^-]+\+)?(?:json|xml)\s*(?:;|$))/i

function isText({ source, body }: Message): boolean {
  return textTypes.test(source.contentType) && isUtf8(body)
}

/** One WebSocket message of the body alone: text where it is text, else binary. */
export function encodeForSocket(message: Message): Uint8Array {
  return asBuffer(encodeFrame(isText(message) ? Opcode.text : Opcode.binary, message.body, { mask: false }))
}

/**
 * One event of Server-Sent Events: the text as `data`, or an event `binary` with Base64. Line ends of the text arrive as
 * line feeds, whatever they were: the format has no other.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export function encodeForEventStream(message: Message): Uint8Array {
  const body = asBuffer(message.body)
  if (!isText(message)) return Buffer.from(`event: binary\nid: ${message.id}\ndata: ${body.toString('base64')}\n\n`)
  const lines = body.toString('utf8').replaceAll(/\r\n?|\n/g, '\ndata: ')
  return Buffer.from(`id: ${message.id}\ndata: ${lines}\n\n`)
}

/** The last event of a stream: why it ends. `code` is the one that a WebSocket would be closed with. */
export function encodeEndEvent(code: number, reason: string): Uint8Array {
  return Buffer.from(`event: end\ndata: ${JSON.stringify({ code, reason })}\n\n`)
}

/** Where a message comes to listeners, as far as it is not the message's own. */
export interface ListenerPlace {
  /** `wss://host[:port]` that these listeners used. */
  readonly origin: string
  /** Name of the hybrid connection as written. */
  readonly name: string
  /** See {@link MessageHub.rendezvousId}. */
  readonly rendezvousId: string
}

/** A `request` and its body, as a listener knows them from HTTP requests. Hybrid Connections protocol, "Request message" */
export function encodeForListener(message: Message, place: ListenerPlace): Uint8Array {
  const { id, delivery, source, body } = message
  const text = encodeRequest({
    address: formatRendezvousAddress({
      origin: place.origin,
      rawPath: `/${encodeURI(place.name)}`,
      rawQuery: '',
      action: 'request',
      id: place.rendezvousId,
    }),
    id,
    requestTarget: source.requestTarget,
    method: 'POST',
    remoteEndpoint: { address: source.remote.address, port: source.remote.port },
    requestHeaders: { ...source.headers, 'sb-hc-delivery': delivery, 'sb-hc-message-id': id },
    body: body.length > 0,
  })
  const head = encodeFrame(Opcode.text, Buffer.from(text), { mask: false })
  if (body.length === 0) return asBuffer(head)
  return Buffer.concat([head, encodeFrame(Opcode.binary, body, { mask: false })])
}

/** Streams make a view of what is no Buffer at every write. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
