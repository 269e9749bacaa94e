import type { Caller, CallRequest } from './caller.ts'
import { delay } from './delay.ts'
import { EventParser, type ServerEvent } from './event-parser.ts'
import { isManagementError, ManagementError } from './management-error.ts'
import { chunksOf } from './read-reply.ts'

export type { ServerEvent } from './event-parser.ts'

/** The relay sends a comment every 15 s: three that did not come mean that the connection is dead. */
const silenceMs = 45_000

const firstRetryMs = 500
const maxRetryMs = 4_000

/**
 * Follows a stream of server-sent events for ever. What breaks is made anew with Last-Event-ID, jittered and never more
 * than four seconds later; a refusal that trying again does not heal is thrown.
 */
export async function* readEvents(
  caller: Caller,
  request: Omit<CallRequest, 'signal'>,
  {
    signal = new AbortController().signal,
    lastEventId = '',
  }: { readonly signal?: AbortSignal; readonly lastEventId?: string },
): AsyncGenerator<ServerEvent> {
  const parser = { last: lastEventId, retryMs: firstRetryMs }
  for (let failures = 0; !signal.aborted; failures += 1) {
    const events = new EventParser(parser.last)
    try {
      for await (const event of readOnce(caller, request, { events, signal })) {
        failures = 0
        yield event
      }
    } catch (error) {
      if (signal.aborted) return
      if (isManagementError(error) && !error.isTransient) throw error
    }
    parser.last = events.lastId
    parser.retryMs = events.retryMs ?? parser.retryMs
    const waitMs = Math.min(parser.retryMs * 2 ** failures, maxRetryMs)
    await delay(waitMs * (0.5 + Math.random() / 2), signal).catch(() => {})
  }
}

async function* readOnce(
  caller: Caller,
  request: Omit<CallRequest, 'signal'>,
  { events, signal }: { readonly events: EventParser; readonly signal: AbortSignal },
): AsyncGenerator<ServerEvent> {
  const watch = new SilenceWatch(signal)
  try {
    const response = await caller.send({
      ...request,
      headers: {
        ...request.headers,
        Accept: 'text/event-stream',
        ...(events.lastId !== '' && { 'Last-Event-ID': events.lastId }),
      },
      signal: watch.signal,
    })
    if (!/^text\/event-stream\b/i.test(response.headers.get('content-type') ?? '')) {
      await response.body?.cancel()
      throw new ManagementError('ReplyInvalid', {
        message: 'The answer is no stream of events',
        status: response.status,
      })
    }
    const decoder = new TextDecoder()
    for await (const chunk of chunksOf(response)) {
      watch.heard()
      yield* events.push(decoder.decode(chunk, { stream: true }))
    }
  } finally {
    watch.end()
  }
}

/** Ends a connection on which nothing comes, and with the caller's signal. */
class SilenceWatch {
  readonly #stop = new AbortController()
  readonly #outer: AbortSignal
  readonly #forward = (): void => this.#stop.abort(this.#outer.reason)
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(outer: AbortSignal) {
    this.#outer = outer
    if (outer.aborted) this.#forward()
    outer.addEventListener('abort', this.#forward, { once: true })
    this.heard()
  }

  get signal(): AbortSignal {
    return this.#stop.signal
  }

  heard(): void {
    clearTimeout(this.#timer)
    const late = new ManagementError('DeadlineExceeded', { message: `Nothing came for ${silenceMs} ms` })
    this.#timer = setTimeout(() => this.#stop.abort(late), silenceMs)
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#outer.removeEventListener('abort', this.#forward)
    // Whoever stops reading in the middle leaves no connection behind.
    this.#stop.abort()
  }
}
