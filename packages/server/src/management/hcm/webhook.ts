import { createHmac } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { Logger, Secret } from '@postern/program'

/** What is told to a webhook: JSON, dates as text. */
export interface WebhookEvent {
  /** The same at every attempt, so that a receiver can tell repetitions. */
  readonly id: string
  readonly event: string
  readonly at: Date
}

export interface WebhookOptions {
  readonly url: string
  readonly secret: Secret
  readonly log: Logger
  readonly now?: () => Date
  /** Pauses between attempts; one attempt more than there are pauses. */
  readonly pausesMs?: readonly number[]
  readonly timeoutMs?: number
}

/** Five attempts in about two and a half minutes: a receiver that is restarted misses nothing. */
const defaultPausesMs = [1000, 5000, 30_000, 120_000]
const defaultTimeoutMs = 10_000
/** Events that wait; of a site that flaps for hours only the latest are worth telling. */
const maxWaiting = 1000

/** Tells events to one address, in order, each signed; what cannot be delivered is tried again, then logged and dropped. */
export class Webhook {
  readonly #options: WebhookOptions
  readonly #pausesMs: readonly number[]
  readonly #waiting: WebhookEvent[] = []
  readonly #closing = new AbortController()
  #delivery: Promise<void> | undefined

  constructor(options: WebhookOptions) {
    this.#options = options
    this.#pausesMs = options.pausesMs ?? defaultPausesMs
  }

  /** Never throws and never waits. */
  notify(event: WebhookEvent): void {
    if (this.#closing.signal.aborted) return
    this.#waiting.push(event)
    if (this.#waiting.length > maxWaiting) this.#drop(this.#waiting.shift(), 'too many events wait')
    this.#delivery ??= this.#deliver().finally(() => {
      this.#delivery = undefined
    })
  }

  /** Gives up what waits. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#delivery
    for (const event of this.#waiting.splice(0)) this.#drop(event, 'the relay is stopping')
  }

  async #deliver(): Promise<void> {
    for (let event = this.#waiting.shift(); event !== undefined; event = this.#waiting.shift()) {
      const problem = await this.#attempt(event)
      if (problem !== undefined) this.#drop(event, problem)
      if (this.#closing.signal.aborted) return
    }
  }

  /** @returns why it could not be delivered */
  async #attempt(event: WebhookEvent): Promise<string | undefined> {
    const { signal } = this.#closing
    for (const pauseMs of [...this.#pausesMs, undefined]) {
      const problem = await this.#post(event)
      if (problem === undefined || pauseMs === undefined) return problem
      this.#options.log.debug('webhook.failed', { event: event.event, id: event.id, problem })
      try {
        await wait(pauseMs, undefined, { signal, ref: false })
      } catch {
        return 'the relay is stopping'
      }
    }
    return undefined
  }

  async #post(event: WebhookEvent): Promise<string | undefined> {
    const { url, secret, now = () => new Date(), timeoutMs = defaultTimeoutMs } = this.#options
    const body = JSON.stringify(event)
    const signature = signWebhook(body, { secret, atSeconds: Math.floor(now().getTime() / 1000) })
    try {
      const response = await fetch(url, {
        method: 'POST',
        body,
        headers: { 'Content-Type': 'application/json', 'Postern-Signature': signature, 'User-Agent': 'postern' },
        // Where it leads is the receiver's word, not the operator's.
        redirect: 'manual',
        signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(timeoutMs)]),
      })
      await response.body?.cancel()
      return response.ok ? undefined : `it answered ${response.status}`
    } catch (error) {
      return describe(error)
    }
  }

  #drop(event: WebhookEvent | undefined, problem: string): void {
    if (event) this.#options.log.warn('webhook.dropped', { event: event.event, id: event.id, problem })
  }
}

/**
 * The header Postern-Signature: `t=SECONDS,v1=HEX`, the HMAC-SHA256 of `SECONDS.BODY`. The time is signed with the body, so
 * that a receiver can refuse what somebody recorded and sends again.
 */
export function signWebhook(
  body: string,
  { secret, atSeconds }: { readonly secret: Secret; readonly atSeconds: number },
): string {
  const digest = createHmac('sha256', secret.reveal()).update(`${atSeconds}.${body}`).digest('hex')
  return `t=${atSeconds},v1=${digest}`
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'it failed'
  return error.cause instanceof Error ? error.cause.message : error.message
}
