import * as http from 'node:http'
import type { Duplex } from 'node:stream'

/** What an HTTP device is told by the relay itself. */
export interface HttpAnswer {
  readonly status: number
  /** One sentence. */
  readonly text: string
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
}

/** A sentence for a device, with the id by which the operator finds it in log and audit log. */
export function tracked(text: string, trackingId: string): string {
  return `${text} TrackingId:${trackingId}`
}

/** Answers on a bare socket, and ends it. */
export function answerRaw(socket: Duplex, { status, text, headers = {} }: HttpAnswer): void {
  if (!socket.writable) return void socket.destroy()
  const body = `${text}\n`
  const all = {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
    ...headers,
  }
  const lines = Object.entries(all).flatMap(([name, value]) => [value].flat().map((each) => `${name}: ${each}\r\n`))
  socket.end(`HTTP/1.1 ${status} ${http.STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`, () =>
    socket.destroy(),
  )
}

/** The head of an answer as it came, for a socket that speaks something else from now on. */
export function rawHead({ statusCode, statusMessage }: http.IncomingMessage, rawHeaders: readonly string[]): string {
  const lines: string[] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}\r\n`)
  return `HTTP/1.1 ${statusCode} ${statusMessage ?? ''}\r\n${lines.join('')}\r\n`
}
