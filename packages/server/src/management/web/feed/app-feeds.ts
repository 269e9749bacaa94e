import { RelayError } from '@postern/protocol'
import type { Caller } from '../../../domain/caller.ts'
import type { WebParts } from '../web-parts.ts'
import { type AppState, readAppState } from './app-state.ts'
import { DocumentWatch } from './document-watch.ts'

/** An app runs on as many machines, each with one connector, and each of them may be between two connections. */
const maxFeedsPerApp = 64
const maxFeeds = 10_000
/** Longest that a timer can be set for, and some. No token lives longer than this. */
const longestMs = 2 ** 31 - 1

/** What one asks for who follows the state of his app. */
export interface FeedRequest {
  readonly caller: Pick<Caller, 'id' | 'expiresAtMs'>
  /** Revision that he has already. */
  readonly after: string | undefined
  /** Aborted when he goes away. */
  readonly signal: AbortSignal
}

/** Tells connectors how the hybrid connections of their apps change, for as long as their tokens are good. */
export class AppFeeds {
  readonly #parts: WebParts
  readonly #open = new Map<string, number>()
  #size = 0

  constructor(parts: WebParts) {
    this.#parts = parts
  }

  get size(): number {
    return this.#size
  }

  /** The state now. @throws {RelayError} ResourceNotFound when the caller is no app */
  read({ id }: Pick<Caller, 'id'>): AppState {
    const state = readAppState(this.#parts, id)
    if (state) return state
    throw new RelayError('ResourceNotFound', {
      message: 'The caller is not the identity of an app: sign in with the credential of its connector',
    })
  }

  /**
   * The state as soon as it has another revision than `after`, undefined when the time is over first.
   * @throws {RelayError} TooManyFeeds
   */
  async wait(request: FeedRequest, timeoutMs: number): Promise<AppState | undefined> {
    const ends = AbortSignal.any([request.signal, AbortSignal.timeout(timeoutMs)])
    for await (const state of this.follow({ ...request, signal: ends })) return state
    return undefined
  }

  /**
   * The state now, unless it is `after`, and again whenever it has changed. Several changes at once may be one. Ends with
   * the signal, the token, or the identity of the app.
   * @throws {RelayError} TooManyFeeds, at once
   */
  follow(request: FeedRequest): AsyncGenerator<AppState> {
    const release = this.#take(request.caller.id)
    // Also when nobody comes to read the first state.
    request.signal.addEventListener('abort', release)
    return this.#states(request, release)
  }

  async *#states({ caller, after, signal }: FeedRequest, release: () => void): AsyncGenerator<AppState> {
    const watch = new DocumentWatch(this.#parts.documents)
    const lifetimeMs = Math.min(Math.max(caller.expiresAtMs - this.#parts.now().getTime(), 0), longestMs)
    const ends = AbortSignal.any([signal, AbortSignal.timeout(lifetimeMs)])
    let last = after
    try {
      do {
        const state = readAppState(this.#parts, caller.id)
        if (!state) return
        watch.follow(state.keys)
        if (state.revision !== last) yield state
        last = state.revision
      } while (await watch.next(ends))
    } finally {
      watch.close()
      signal.removeEventListener('abort', release)
      release()
    }
  }

  #take(principalId: string): () => void {
    const open = this.#open.get(principalId) ?? 0
    if (open >= maxFeedsPerApp || this.#size >= maxFeeds) {
      throw new RelayError('TooManyFeeds', {
        message: open >= maxFeedsPerApp ? `An app may follow ${maxFeedsPerApp} times at once` : 'Too many apps follow',
      })
    }
    this.#open.set(principalId, open + 1)
    this.#size += 1
    let isTaken = true
    return () => {
      if (!isTaken) return
      isTaken = false
      this.#size -= 1
      const left = (this.#open.get(principalId) ?? 1) - 1
      if (left === 0) this.#open.delete(principalId)
      else this.#open.set(principalId, left)
    }
  }
}
