import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { type ConnectionRequest, Listener } from '@postern/client'
import type { RelayError } from '@postern/protocol'
import type { RelayAccess } from './relay-access.ts'

/** Only who says this word is accepted. */
export const probeHeader = 'postern-probe'

const pingIntervalMs = 400

/**
 * A listener for the moment of a check. It says that its target is down, so that relays of Postern choose others first, and
 * refuses whoever comes but the check itself.
 */
export class ProbeListener {
  readonly id: string = randomUUID()
  /** Makes the check's own sender known. */
  readonly word: string = randomUUID()
  readonly #listener: Listener
  #lost: RelayError | undefined
  readonly #ended = Promise.withResolvers<RelayError>()
  readonly #missed = Promise.withResolvers<unknown>()

  constructor({ options }: RelayAccess) {
    this.#listener = new Listener({
      ...options,
      id: this.id,
      target: 'down',
      keepAliveIntervalMs: pingIntervalMs,
      onConnection: (request) => this.#serve(request),
    })
    this.#listener.on('offline', (error) => {
      this.#lost ??= error
      this.#ended.resolve(error)
    })
    this.#listener.on('problem', () => {})
  }

  /** Opens the control channel, once; gives why that failed. */
  async open(signal: AbortSignal): Promise<RelayError | undefined> {
    const online = Promise.withResolvers<undefined>()
    this.#listener.once('online', () => online.resolve(undefined))
    this.#listener.start()
    const aborted = Promise.withResolvers<never>()
    const onAbort = (): void => aborted.reject(signal.reason)
    signal.addEventListener('abort', onAbort)
    try {
      return await Promise.race([online.promise, this.#ended.promise, aborted.promise])
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  /** Holds the open channel for a while, with pings; gives why it was lost. */
  async hold(ms: number, signal: AbortSignal): Promise<RelayError | undefined> {
    if (this.#lost) return this.#lost
    return Promise.race([this.#ended.promise, delay(ms, undefined, { signal })])
  }

  /** Why it could not take the check's own sender, as soon as that is so. */
  get missed(): Promise<unknown> {
    return this.#missed.promise
  }

  async close(): Promise<void> {
    await this.#listener.close()
  }

  async #serve(request: ConnectionRequest): Promise<void> {
    if (request.headers[probeHeader] !== this.word) {
      await request.reject({ status: 503, description: 'A check is listening for a moment; try again' })
      return
    }
    try {
      const stream = await request.accept()
      stream.on('error', () => {})
      stream.pipe(stream)
    } catch (error) {
      this.#missed.resolve(error)
    }
  }
}
