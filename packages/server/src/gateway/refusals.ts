import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { type ErrorCode, errorTable, formatErrorJson, formatErrorText, toReasonPhrase } from '@postern/protocol'
import { networkOf } from '../domain/network-of.ts'
import type { RemoteEndpoint } from '../domain/remote-endpoint.ts'
import type { RefusalLog } from './refusal-log.ts'
import type { RefusalRecord } from './refusal-record.ts'

/** One refused upgrade or request that is answered. Its `status` overrides the table's: a listener's own rejection. */
export interface Refusal extends RefusalRecord {
  readonly address: string
  readonly remote: RemoteEndpoint
  /** Wire text without tracking; the table's when absent. */
  readonly message?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Refusals of one network within this time count together. */
const windowMs = 10_000
/** Refusals of one network within the window that are answered without delay. */
const promptRefusals = 5
/** Networks remembered at once; the oldest is forgotten first. */
const maxNetworks = 10_000

/**
 * Answers whatever is refused: status, reason phrase and JSON body as the official clients read them, one log line, one
 * metric. Addresses that keep coming back are answered late: hyco-ws retries without any delay (observed).
 */
export class Refusals {
  readonly #log: RefusalLog
  readonly #delayMs: number
  readonly #recent = new Map<string, { count: number; sinceMs: number }>()
  readonly #delayed = new Set<NodeJS.Timeout>()

  constructor(options: { readonly log: RefusalLog; readonly delayMs: number }) {
    this.#log = options.log
    this.#delayMs = options.delayMs
  }

  /** Answers an upgrade and ends its socket. */
  refuseUpgrade(socket: Duplex, refusal: Refusal): void {
    const { status, reason, text } = this.record(refusal)
    const body = formatErrorJson(errorTable[refusal.code].armCode, text)
    const lines = [
      `HTTP/1.1 ${status} ${reason}`,
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      `TrackingId: ${refusal.trackingId}`,
      // Clients whose token is refused tell by it that their clock is wrong.
      `Date: ${new Date().toUTCString()}`,
      ...Object.entries(headersFor(refusal)).map(([name, value]) => `${name}: ${value}`),
      'Connection: close',
    ]
    const answer = Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1')
    socket.on('error', ignore)
    this.#after(this.#delayFor(refusal), () => {
      if (!socket.destroyed) socket.end(answer, () => socket.destroy())
    })
  }

  /** Answers a request; one whose head is out already is cut, never turned into another status. */
  refuseRequest(response: ServerResponse, refusal: Refusal): void {
    const { status, reason, text } = this.record(refusal)
    const body = formatErrorJson(errorTable[refusal.code].armCode, text)
    this.#after(this.#delayFor(refusal), () => {
      if (response.headersSent) {
        response.destroy()
        return
      }
      response.writeHead(status, reason, {
        'Content-Type': 'application/json; charset=utf-8',
        'Content-Length': Buffer.byteLength(body),
        TrackingId: refusal.trackingId,
        ...headersFor(refusal),
      })
      response.end(body)
    })
  }

  /** Drops the answers that are still waiting: for the end of the process. */
  close(): void {
    for (const timer of this.#delayed) clearTimeout(timer)
    this.#delayed.clear()
    this.#recent.clear()
  }

  /** Counts and logs a refusal whose answer the caller writes in a form of its own. */
  record(refusal: Refusal): { readonly status: number; readonly reason: string; readonly text: string } {
    const entry = errorTable[refusal.code]
    const { trackingId, address } = refusal
    const status = refusal.status ?? entry.httpStatus
    const text = formatErrorText(refusal.message ?? entry.message, { trackingId, address, at: new Date() })
    this.#log.record({ ...refusal, status, reason: refusal.reason ?? refusal.message ?? entry.message })
    return { status, reason: toReasonPhrase(text), text }
  }

  #delayFor(refusal: Refusal): number {
    if (!delayedCodes.has(refusal.code) || this.#delayMs === 0) return 0
    const now = Date.now()
    const network = networkOf(refusal.remote.address)
    const seen = this.#recent.get(network)
    if (seen === undefined || now - seen.sinceMs > windowMs) {
      this.#recent.delete(network)
      this.#recent.set(network, { count: 1, sinceMs: now })
      if (this.#recent.size > maxNetworks) {
        const oldest = this.#recent.keys().next()
        if (!oldest.done) this.#recent.delete(oldest.value)
      }
      return 0
    }
    seen.count += 1
    return seen.count > promptRefusals ? this.#delayMs : 0
  }

  #after(delayMs: number, answer: () => void): void {
    if (delayMs === 0) {
      answer()
      return
    }
    const timer = setTimeout(() => {
      this.#delayed.delete(timer)
      answer()
    }, delayMs)
    this.#delayed.add(timer)
  }
}

/** What a client that does not look at the answer repeats for ever. */
const delayedCodes: ReadonlySet<ErrorCode> = new Set([
  'EndpointNotFound',
  'TokenMissing',
  'TokenMalformed',
  'TokenSignatureInvalid',
  'TokenRuleUnknown',
  'TokenExpired',
  'TokenAudienceInvalid',
  'RightMissing',
  'MaximumListenersPerEndpoint',
])

/** What a second later may be another answer. */
const comeBackStatuses: ReadonlySet<number> = new Set([429, 503])

function headersFor(refusal: Refusal): Readonly<Record<string, string>> {
  const busy = comeBackStatuses.has(errorTable[refusal.code].httpStatus) ? { 'Retry-After': '1' } : {}
  return { ...busy, ...refusal.headers }
}

function ignore(): void {
  // The caller went away before its answer: nothing is left to do.
}
