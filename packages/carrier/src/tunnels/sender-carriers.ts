import { RelayError } from '@postern/protocol'
import { CarrierPool } from '../carrier-pool.ts'
import { carrierProtocol, offeredProtocols } from '../carrier-runner.ts'
import { type CreditBudget } from '../streams/credit-budget.ts'
import type { DialedConnection, RelayDialer } from './relay-dialer.ts'
import { limitsOf, type ResumeRules } from './resume-rules.ts'

/** What {@link SenderCarriers} works with. */
export interface SenderCarriersOptions {
  readonly sender: RelayDialer
  /** What the windows of this process may grow by together. */
  readonly budget: CreditBudget
  readonly resume?: ResumeRules | undefined
}

/** What is asked of {@link SenderCarriers.reach}. */
export interface ReachRequest {
  readonly target: string
  /** Listeners that have no use. */
  readonly refused: ReadonlySet<string>
  /** Of the relayed connection that may have to be dialed, which may turn out to be a plain one. */
  readonly headers: Readonly<Record<string, string>>
  readonly signal: AbortSignal
  /** Who wants it, as `host:port`. */
  readonly client?: string | undefined
}

/** A way to the listener: a pool to open a stream in, a relayed connection of one's own, or undefined: dial a plain one. */
export type Reached = CarrierPool | DialedConnection | undefined

/** So long nothing is offered to listeners that do not carry: they cost no more than without carriers. */
const plainForMs = 60_000

/** So long it is not asked again whether there is another listener. */
export const aloneForMs = 5_000

/** A listener that is known answers at once, if the relay knows it too. */
const redialTimeoutMs = 10_000

/** A first dial that takes longer may hang where the network was: who comes then does not wait for it. */
const patienceMs = 3_000

/** Targets whose pool is remembered. */
const maxProvenTargets = 1_024

/** More listeners than a hybrid connection has: a relay that has a new one for us each time gets no further. */
const maxPools = 64

/** Whoever came so recently may come again: when their listener has gone another one is looked for before they ask. */
const keepWarmMs = 600_000
const firstWarmDelayMs = 500
const maxWarmDelayMs = 30_000

/** The carriers of one principal to one hybrid connection: a pool for each listener that carries. */
export class SenderCarriers implements Disposable {
  readonly #options: SenderCarriersOptions
  readonly #pools = new Set<CarrierPool>()
  /** Where a target was reached last. */
  readonly #proven = new Map<string, CarrierPool>()
  readonly #closing = new AbortController()
  /** The first dial, and for what: others who want the same wait for it. */
  #dialing: { readonly key: string; readonly done: Promise<unknown>; readonly sinceMs: number } | undefined
  #plainUntilMs = 0
  #aloneUntilMs = 0
  /** What was asked last, of any listener. */
  #lastAsked: { readonly request: ReachRequest; atMs: number } | undefined
  #warmTimer: NodeJS.Timeout | undefined

  constructor(options: SenderCarriersOptions) {
    this.#options = options
  }

  /** Carriers that are open now. */
  get carrierCount(): number {
    let count = 0
    for (const pool of this.#pools) count += pool.carrierCount
    return count
  }

  /**
   * Finds a way to a listener that was not refused, dialing if there is none.
   *
   * @throws {RelayError} as {@link RelayDialer.connectRaw}; the signal's reason when it was aborted.
   */
  async reach(request: ReachRequest): Promise<Reached> {
    if (request.refused.size === 0) {
      this.#lastAsked = {
        request: { ...request, client: undefined, signal: this.#closing.signal },
        atMs: performance.now(),
      }
    }
    const pool = this.#find(request)
    if (pool) return pool
    const key = keyOf(request)
    const standing = this.#dialing
    if (standing && performance.now() - standing.sinceMs < patienceMs) {
      // What it brings is for all; why it failed is so for those who asked the same.
      await unlessAborted(standing.key === key ? standing.done : standing.done.catch(() => {}), request.signal)
      const found = this.#find(request)
      if (found) return found
    }
    if (performance.now() < this.#plainUntilMs) return undefined
    return this.#dialForAll(request)
  }

  /** The pool through which a target was reached before, if it has a carrier: nobody need wait to hear it again. */
  findProven(target: string): CarrierPool | undefined {
    const pool = this.#proven.get(target)
    if (!pool || pool.carrierCount === 0) return undefined
    if (this.#lastAsked) this.#lastAsked.atMs = performance.now()
    return pool
  }

  /** Notes where a target was reached. */
  prove(target: string, pool: CarrierPool): void {
    if (this.#proven.get(target) === pool) return
    this.#proven.delete(target)
    this.#proven.set(target, pool)
    if (this.#proven.size <= maxProvenTargets) return
    for (const [oldest] of this.#proven) {
      this.#proven.delete(oldest)
      return
    }
  }

  /** Notes that a target was not reached where it was before. */
  disprove(target: string, pool: CarrierPool): void {
    if (this.#proven.get(target) === pool) this.#proven.delete(target)
  }

  /** False while it is known that no other listener is there. */
  get mayHaveOthers(): boolean {
    return performance.now() >= this.#aloneUntilMs
  }

  /** Notes that no listener is there but those that were refused. */
  noteAlone(): void {
    this.#aloneUntilMs = performance.now() + aloneForMs
  }

  /** Cuts all streams and carriers. */
  [Symbol.dispose](): void {
    this.#closing.abort()
    clearTimeout(this.#warmTimer)
    for (const pool of this.#pools) pool[Symbol.dispose]()
    this.#pools.clear()
    this.#proven.clear()
  }

  #find({ target, refused }: ReachRequest): CarrierPool | undefined {
    const proven = this.#proven.get(target)
    if (proven && isOfUse(proven, refused)) return proven
    for (const pool of this.#pools) {
      if (isOfUse(pool, refused)) return pool
      if (pool.streamCount === 0 && pool.carrierCount === 0) this.#forget(pool)
    }
    return undefined
  }

  #forget(pool: CarrierPool): void {
    this.#pools.delete(pool)
    for (const [target, proven] of this.#proven) if (proven === pool) this.#proven.delete(target)
    pool[Symbol.dispose]()
  }

  #dialForAll(request: ReachRequest): Promise<Reached> {
    const dialed = this.#dialFirst(request)
    const done = dialed.then(ignore)
    done.catch(ignore)
    this.#dialing = { key: keyOf(request), done, sinceMs: performance.now() }
    void done.catch(ignore).finally(() => {
      if (this.#dialing?.done === done) this.#dialing = undefined
    })
    return dialed
  }

  /** Not bound to the caller's patience: others wait for it too. */
  async #dialFirst(request: ReachRequest): Promise<Reached> {
    const { headers, signal, client } = request
    const startedAtMs = performance.now()
    const how = { headers, protocols: offeredProtocols, signal: this.#closing.signal, client }
    const connection = await this.#options.sender.connectRaw(how)
    if (connection.protocol === carrierProtocol) {
      // Another dial may have been faster: two pools for one listener are one too many.
      const found = performance.now() - startedAtMs < patienceMs ? undefined : this.#find(request)
      if (!found) return this.#openPool(connection)
      connection.abort()
      return found
    }
    this.#plainUntilMs = performance.now() + plainForMs
    if (!signal.aborted) return connection
    connection.abort()
    throw signal.reason
  }

  /** @throws {RelayError} ServerBusy when there are too many, and all are in use. */
  #openPool(first: DialedConnection): CarrierPool {
    const { sender, budget, resume } = this.#options
    if (this.#pools.size >= maxPools) this.#makeRoom(first)
    const pool: CarrierPool = new CarrierPool({
      budget,
      limits: limitsOf(resume),
      dial: async ({ listenerId, signal }) => {
        const headers = listenerId === undefined ? {} : { 'Microsoft-Relay-AllowedListeners': listenerId }
        const how = { headers, protocols: offeredProtocols, signal, timeoutMs: redialTimeoutMs }
        const connection = await sender.connectRaw(how)
        if (connection.protocol === carrierProtocol) return connection
        connection.abort()
        throw new RelayError('ConnectionFailed', { message: 'The listener does not carry any more' })
      },
      onCold: () => this.#forget(pool),
      isListenerAway,
      onListenerGone: () => this.#onListenerGone(pool),
    })
    pool.add(first)
    this.#pools.add(pool)
    return pool
  }

  #makeRoom(first: DialedConnection): void {
    for (const pool of this.#pools) if (pool.streamCount === 0) return this.#forget(pool)
    first.abort()
    throw new RelayError('ServerBusy', { message: `More than ${maxPools} listeners are in use at a time` })
  }

  #onListenerGone(pool: CarrierPool): void {
    resetUnanswered(pool)
    if (pool.streamCount > 0) return
    this.#forget(pool)
    this.#findAnother(0)
  }

  /** Looks for another listener, less and less often, as long as somebody may come who would have to wait. */
  #findAnother(delayMs: number): void {
    clearTimeout(this.#warmTimer)
    this.#warmTimer = setTimeout(() => this.#dialAhead(Math.max(firstWarmDelayMs, 2 * delayMs)), delayMs)
    this.#warmTimer.unref()
  }

  #dialAhead(nextDelayMs: number): void {
    const [asked, nowMs] = [this.#lastAsked, performance.now()]
    if (this.#closing.signal.aborted || !asked || nowMs - asked.atMs > keepWarmMs) return
    if (this.#pools.size > 0 || this.#dialing || nowMs < this.#plainUntilMs) return
    this.#dialForAll(asked.request).then(
      // Nobody has asked for a plain one.
      (reached) => reached && !(reached instanceof CarrierPool) && reached.abort(),
      () => this.#findAnother(Math.min(maxWarmDelayMs, nextDelayMs)),
    )
  }
}

function isListenerAway(error: unknown): boolean {
  return error instanceof RelayError && error.httpStatus === 404
}

function isOfUse(pool: CarrierPool, refused: ReadonlySet<string>): boolean {
  // Without streams there is nothing that only this listener could continue.
  const isStanding = pool.carrierCount > 0 || (pool.streamCount > 0 && pool.isReachable)
  return isStanding && !(pool.listenerId !== undefined && refused.has(pool.listenerId))
}

/** What a listener that has gone never took is as well off at another one; what it took may be continued when it is back. */
function resetUnanswered(pool: CarrierPool): void {
  for (const stream of pool.streams()) if (!stream.isConnected) stream.reset('unreachable', 'The listener has gone')
}

function keyOf({ headers }: ReachRequest): string {
  return JSON.stringify(headers)
}

/** Rejects as soon as the signal does. */
async function unlessAborted(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  let stop: (() => void) | undefined
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop)
  })
  try {
    await Promise.race([work, aborted])
  } finally {
    if (stop) signal.removeEventListener('abort', stop)
  }
}

function ignore(): void {}
