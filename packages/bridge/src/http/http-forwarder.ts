import { Agent, type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps, Agent as TlsAgent } from 'node:https'
import type { RelayedRequest, RelayedResponse } from '@postern/client'
import { addressOf, type HttpTarget } from '../forward.ts'
import type { DialRules } from '../targets/dial-target.ts'
import { mapRequestPath } from './map-request-path.ts'

/** Connections to one web service; more requests wait for one of them. */
const maxSockets = 256

/** A service that does not even take the connection. */
const connectTimeoutMs = 10_000

/** Fields that belong to one connection (RFC 9110, 7.6.1), and those that the request to the target has of its own. */
const droppedFields = new Set([
  'connection',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** What a {@link HttpForwarder} works with. */
export interface HttpForwarderOptions {
  readonly relayName: string
  readonly targets: readonly HttpTarget[]
  readonly rules: DialRules
  /** A target that did not answer; the sender was told. */
  readonly onProblem: (error: Error) => void
}

/** Leads HTTP requests from the relay to web services, in turn when there are several. */
export class HttpForwarder {
  readonly #options: HttpForwarderOptions
  readonly #plain: Agent
  readonly #tls: TlsAgent
  #next = 0

  constructor(options: HttpForwarderOptions) {
    const { sourceAddress, addressFamily } = options.rules
    const settings = {
      keepAlive: true,
      maxSockets,
      ...(sourceAddress !== undefined && { localAddress: sourceAddress }),
      ...(addressFamily !== undefined && { family: addressFamily }),
    }
    this.#options = options
    this.#plain = new Agent(settings)
    this.#tls = new TlsAgent(settings)
  }

  /** Answers one request with what the target answers; 502 and the reason when it does not. */
  async forward(request: RelayedRequest, response: RelayedResponse): Promise<void> {
    const { targets, relayName } = this.#options
    const target = targets[this.#next % targets.length]
    this.#next += 1
    if (!target) return
    const path = mapRequestPath(request.url, { relayName, basePath: target.path })
    if (path === undefined) {
      refuse(response, 400, 'The path leads out of what is forwarded')
      return
    }
    const first = await firstChunk(request)
    const outgoing = this.#begin(target, path, request)
    if (first !== undefined) {
      // A GET with a body would else be sent without saying where the body ends.
      if (!outgoing.hasHeader('content-length')) outgoing.setHeader('transfer-encoding', 'chunked')
      outgoing.write(first)
    }
    request.on('error', () => outgoing.destroy())
    request.pipe(outgoing)
    const abort = (): void => void outgoing.destroy()
    request.signal.addEventListener('abort', abort)
    try {
      await answer(await responseOf(outgoing), response)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      const reason = `The target ${addressOf(target)} cannot be reached: ${code ?? message}`
      if (request.signal.aborted) return
      this.#options.onProblem(new Error(reason))
      if (response.headersSent) response.destroy(new Error(reason))
      else refuse(response, 502, reason)
    } finally {
      request.signal.removeEventListener('abort', abort)
    }
  }

  /** Closes idle connections to the targets, and cuts those in use. */
  close(): void {
    this.#plain.destroy()
    this.#tls.destroy()
  }

  #begin(target: HttpTarget, path: string, request: RelayedRequest): ClientRequest {
    const { protocol, host, port, insecure = false } = target
    const headers: Record<string, string> = {}
    for (const [name, value] of Object.entries(request.headers)) if (!droppedFields.has(name)) headers[name] = value
    const options = { host, port, path, method: request.method, headers, timeout: connectTimeoutMs }
    const outgoing =
      protocol === 'http'
        ? requestHttp({ ...options, agent: this.#plain })
        : requestHttps({ ...options, agent: this.#tls, rejectUnauthorized: !insecure })
    outgoing.on('socket', (socket) => {
      // The bound is for connecting only; answers may take their time.
      if (socket.connecting) socket.once('connect', () => outgoing.setTimeout(0))
      else outgoing.setTimeout(0)
    })
    outgoing.once('timeout', () => outgoing.destroy(new Error(`no answer within ${connectTimeoutMs / 1000} s`)))
    return outgoing
  }
}

function responseOf(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once('response', (incoming) => {
      // Of an answer that ends with its connection Node would make a whole one of what had come before a reset.
      outgoing.on('error', (error) => incoming.destroy(error))
      resolve(incoming)
    })
    outgoing.on('error', reject)
  })
}

/** The first bytes of a body; undefined when there is none. */
function firstChunk(request: RelayedRequest): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const chunk = request.read() as Buffer | null
      if (chunk === null && !request.readableEnded && !isDone) return
      request.off('readable', look).off('end', end).off('error', reject)
      resolve(chunk ?? undefined)
    }
    let isDone = false
    const end = (): void => {
      isDone = true
      look()
    }
    request.on('readable', look).on('end', end).on('error', reject)
  })
}

function answer(incoming: IncomingMessage, response: RelayedResponse): Promise<void> {
  response.statusCode = incoming.statusCode ?? 502
  if (incoming.statusMessage) response.statusDescription = incoming.statusMessage
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined && !droppedFields.has(name)) response.setHeader(name, value)
  }
  return new Promise((resolve, reject) => {
    incoming.on('error', reject)
    response.on('error', reject)
    response.on('close', () => {
      incoming.destroy()
      resolve()
    })
    incoming.pipe(response)
  })
}

function refuse(response: RelayedResponse, status: number, reason: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' })
  response.end(`${reason}\n`)
}
