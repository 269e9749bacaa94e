import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { RelayError } from '@postern/protocol'
import type { RemoteEndpoint } from '../../domain/remote-endpoint.ts'
import type { ArmReply } from '../../management/arm-call.ts'
import type { ArmRouter } from '../../management/arm-router.ts'
import { readBody } from '../read-body.ts'
import { clientRequestIds } from './client-request-ids.ts'

/** Bytes of a request body: the largest thing that can be sent, a role with every action, has a tenth of this. */
const maxBodyBytes = 256 * 1024

/** Between two events nothing may come for this long before a comment keeps proxies from cutting the stream. */
const eventKeepAliveMs = 15_000

/** HTTP around the ARM router: bodies in, JSON or server-sent events out. */
export class ArmDoor {
  readonly #router: ArmRouter
  readonly #originOf: (request: IncomingMessage) => string
  readonly #bodyTimeoutMs: number
  readonly #admit: (socket: Duplex) => void

  constructor(options: {
    readonly router: ArmRouter
    /** `https://host[:port]` as this client reached the door. */
    readonly originOf: (request: IncomingMessage) => string
    /** How long a body may take to arrive: enrolment reads those of strangers. */
    readonly bodyTimeoutMs: number
    /** Stops counting the connection as a stranger's. */
    readonly admit: (socket: Duplex) => void
  }) {
    this.#router = options.router
    this.#originOf = options.originOf
    this.#bodyTimeoutMs = options.bodyTimeoutMs
    this.#admit = options.admit
  }

  /** Never rejects: what goes wrong while the answer is sent cuts the connection. */
  async handle(request: IncomingMessage, response: ServerResponse, remote: RemoteEndpoint): Promise<void> {
    try {
      await this.#answer(request, response, remote)
    } catch {
      response.destroy()
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse, remote: RemoteEndpoint): Promise<void> {
    const requestId = randomUUID()
    const gone = new AbortController()
    response.once('close', () => {
      // After a whole answer nobody waits, and the reason of an abort costs as much as the rest of this.
      if (!response.writableFinished) gone.abort()
    })
    const reply = await this.#router.handle({
      method: request.method ?? '',
      url: request.url ?? '/',
      headers: request.headers,
      origin: this.#originOf(request),
      address: remote.address,
      port: remote.port,
      requestId,
      signal: gone.signal,
      readBody: () => readWholeBody(request, response, this.#bodyTimeoutMs),
      onAuthorized: () => this.#admit(request.socket),
    })
    writeHead(request, response, reply, requestId)
    if (reply.events) await sendEvents(response, reply.events, gone.signal)
    else if (reply.body === undefined || request.method === 'HEAD') response.end()
    else response.end(JSON.stringify(reply.body))
  }
}

/** @throws {RelayError} RequestBodyTooLarge, RequestTimeout, RequestContentInvalid when the client goes away */
async function readWholeBody(
  request: IncomingMessage,
  response: ServerResponse,
  timeoutMs: number,
): Promise<Uint8Array> {
  const isFit = Number(request.headers['content-length'] ?? 0) <= maxBodyBytes
  if (isFit && /100-continue/i.test(request.headers.expect ?? '')) response.writeContinue()
  const body = await readBody(request, { maxBytes: maxBodyBytes, timeoutMs })
  if (typeof body !== 'string') return body
  // What is left of the body is not read: the connection ends with the answer.
  response.shouldKeepAlive = false
  if (body === 'MessageTooLarge') throw new RelayError('RequestBodyTooLarge')
  if (body === 'SenderGone') throw new RelayError('RequestContentInvalid', { message: 'The body ended early' })
  throw new RelayError(body)
}

function writeHead(request: IncomingMessage, response: ServerResponse, reply: ArmReply, requestId: string): void {
  if (response.headersSent || response.destroyed) return
  const { correlationId, clientRequestId } = clientRequestIds(request.headers)
  const wantsItBack = request.headers['x-ms-return-client-request-id'] === 'true'
  const hasBody = reply.body !== undefined || reply.events !== undefined
  response.writeHead(reply.status, {
    ...(hasBody && { 'Content-Type': reply.events ? 'text/event-stream' : 'application/json; charset=utf-8' }),
    ...(!hasBody && { 'Content-Length': '0' }),
    'Cache-Control': 'no-cache',
    Pragma: 'no-cache',
    Expires: '-1',
    'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
    'X-Content-Type-Options': 'nosniff',
    'x-ms-request-id': requestId,
    'x-ms-correlation-request-id': correlationId ?? requestId,
    ...(wantsItBack && clientRequestId !== undefined && { 'x-ms-client-request-id': clientRequestId }),
    ...reply.headers,
  })
}

async function sendEvents(response: ServerResponse, events: AsyncIterable<string>, signal: AbortSignal): Promise<void> {
  const keepAlive = setInterval(() => void response.write(':\n\n'), eventKeepAliveMs)
  try {
    response.flushHeaders()
    for await (const event of events) {
      if (signal.aborted) return
      if (!response.write(event)) await drained(response, signal)
    }
    response.end()
  } finally {
    clearInterval(keepAlive)
  }
}

function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    response.once('drain', resolve)
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
