import { randomUUID } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { RelayError } from '@postern/protocol'
import { KeepAlive } from '@postern/websocket'
import { type DialedSocket, DialFailure, dialRelay } from '../connection/dial-relay.ts'
import { hybridConnectionUrl, locateRelay, type RelayLocation } from '../connection/relay-options.ts'
import type { ListenerState } from '../listener/listener-options.ts'
import { pause } from '../listener/pause.ts'
import { type FailedAttempt, ReconnectDelay } from '../listener/reconnect-delay.ts'
import { needsFreshToken } from '../listener/refused-token.ts'
import { MessageQueue } from './message-queue.ts'
import { SubscriberChannel } from './subscriber-channel.ts'
import type { ReceivedMessage, SubscribeOptions, SubscriptionEvents } from './subscription-options.ts'

const defaultKeepAliveMs = 30_000
const defaultHandshakeTimeoutMs = 10_000
const defaultMaxBytes = 1_048_576

/** A channel that lived shorter than this does not count as a success: a relay that drops us at once is not hammered. */
const provenAfterMs = 5_000

type Failure = { readonly error: RelayError; readonly wasProven?: boolean } & Pick<
  FailedAttempt,
  'retryAfterMs' | 'tookMs'
>

/**
 * What is published to one hybrid connection, as an async iterable. It comes back by itself whenever the relay or the network was away,
 * as a Listener does, and says where messages may have been lost: nothing is stored for who is not there.
 *
 * The loop begins it. It throws when the first attempt is refused for a reason that does not pass by itself (401, 403, 404); leaving the
 * loop ends the subscription. One loop at a time.
 *
 * @example
 * for await (const { data, loss } of subscribe({ connectionString })) {
 *   if (loss) console.warn(`messages may have been lost: ${loss.error.message}`)
 *   console.log(data)
 * }
 */
export class Subscription
  extends EventEmitter<SubscriptionEvents>
  implements AsyncIterable<ReceivedMessage, undefined>, AsyncDisposable
{
  readonly #options: SubscribeOptions
  readonly #relay: RelayLocation
  readonly #keepAlive: KeepAlive
  readonly #delay: ReconnectDelay
  readonly #queue: MessageQueue
  readonly #stopping = new AbortController()
  readonly #onAbort = (): void => {
    const reason: unknown = this.#options.signal?.reason
    this.#queue.end(reason instanceof Error ? reason : new Error(String(reason)))
    this.#stop()
  }
  #state: ListenerState = 'idle'
  #lastError: RelayError | undefined
  #channel: SubscriberChannel | undefined
  #life: Promise<void> | undefined
  #wantsFreshToken = false
  #wasOnline = false

  /** @throws {RelayError} InvalidConnectionString or InvalidConfiguration. */
  constructor(options: SubscribeOptions) {
    super()
    this.#options = options
    this.#relay = locateRelay(options)
    this.#keepAlive = new KeepAlive({ intervalMs: options.keepAliveIntervalMs ?? defaultKeepAliveMs, maxMissed: 2 })
    this.#delay = new ReconnectDelay(options.random)
    this.#queue = new MessageQueue({
      maxBytes: options.maxQueuedBytes ?? defaultMaxBytes,
      onFull: () => this.#channel?.pause(),
      onRoom: () => this.#channel?.resume(),
    })
  }

  /** Where it is in its life. */
  get state(): ListenerState {
    return this.#state
  }

  /** Why it is or was last offline. */
  get lastError(): RelayError | undefined {
    return this.#lastError
  }

  /**
   * Begins, and resolves when the relay has accepted it: what is published from then on arrives.
   *
   * @throws {RelayError} ActionDisabled, RightMissing and other reasons that do not pass by themselves; the signal's reason.
   */
  async open(): Promise<void> {
    this.#start()
    if (this.#state === 'online') return
    const decided = new AbortController()
    const wait = { signal: decided.signal }
    try {
      await Promise.race([once(this, 'online', wait), once(this, 'closed', wait)])
    } finally {
      decided.abort()
    }
    this.#options.signal?.throwIfAborted()
    if (this.#state === 'closed') {
      throw this.#lastError ?? new RelayError('ConnectionFailed', { message: 'The subscription was closed' })
    }
  }

  /** Ends it: what has arrived is still given to the loop, which ends then. Resolves when the channel is closed, within 5 s. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return
    this.#queue.end()
    this.#stop()
    await this.#life
    if (!this.#life) this.#enter('closed')
  }

  /** The same as {@link Subscription.close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  [Symbol.asyncIterator](): AsyncIterator<ReceivedMessage, undefined> {
    this.#start()
    return {
      next: () => this.#queue.take(),
      return: async () => {
        this.#queue.clear()
        await this.close()
        return { done: true, value: undefined }
      },
    }
  }

  #start(): void {
    if (this.#life || this.#state === 'closed') return
    const { signal } = this.#options
    if (signal?.aborted) this.#onAbort()
    signal?.addEventListener('abort', this.#onAbort)
    this.#life = this.#live()
  }

  #stop(): void {
    this.#stopping.abort()
    this.#channel?.close()
  }

  async #live(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const { error, wasProven = false, ...attempt } = await this.#holdChannel()
      if (signal.aborted) break
      this.#lastError = error
      this.#wantsFreshToken = needsFreshToken(error)
      if (!this.#wasOnline && !error.isTransient) {
        this.#queue.end(error)
        break
      }
      const failure = { isRefused: !error.isTransient, isMissing: error.code === 'EndpointNotFound' }
      // A token's time is over every hour: no more messages shall be lost than must be.
      const delayMs =
        wasProven && error.code === 'TokenExpiredOnChannel' ? 0 : this.#delay.next({ ...failure, ...attempt })
      this.#state = 'offline'
      this.emit('offline', error, delayMs)
      await pause(delayMs, signal)
    }
    this.#options.signal?.removeEventListener('abort', this.#onAbort)
    this.#enter('closed')
  }

  /** Opens a channel and holds it as long as it lives; says why it ended. Never throws. */
  async #holdChannel(): Promise<Failure> {
    const startedAtMs = performance.now()
    try {
      this.#state = 'connecting'
      this.emit('connecting', this.#delay.failures + 1)
      const dialed = await this.#dial()
      const openedAtMs = performance.now()
      const error = await this.#receive(dialed)
      const wasProven = performance.now() - openedAtMs >= provenAfterMs
      if (wasProven) this.#delay.reset()
      return { error, wasProven }
    } catch (thrown) {
      const tookMs = performance.now() - startedAtMs
      if (thrown instanceof DialFailure) {
        const { error, retryAfterMs } = thrown
        return { error, tookMs, ...(retryAfterMs !== undefined && { retryAfterMs }) }
      }
      if (thrown instanceof RelayError) return { error: thrown, tookMs }
      return { error: new RelayError('ConnectionFailed', { message: String(thrown), cause: thrown }), tookMs }
    }
  }

  async #dial(): Promise<DialedSocket> {
    const { audience, tokenProvider } = this.#relay
    const { signal } = this.#stopping
    const token = await tokenProvider?.getToken({ audience, fresh: this.#wantsFreshToken, signal })
    return dialRelay(this.#relay, {
      url: hybridConnectionUrl(this.#relay, { action: 'subscribe', id: randomUUID() }),
      role: 'messages',
      timeoutMs: this.#options.handshakeTimeoutMs ?? defaultHandshakeTimeoutMs,
      signal,
      ...(token && { token: token.text }),
    })
  }

  #receive({ socket, head }: DialedSocket): Promise<RelayError> {
    return new Promise((resolve) => {
      this.#channel = new SubscriberChannel({
        socket,
        head,
        keepAlive: this.#keepAlive,
        maxMessageBytes: this.#options.maxMessageBytes ?? defaultMaxBytes,
        handler: {
          onMessage: (data) => this.#queue.add(data),
          onLost: (error, isSlow) => {
            this.#channel = undefined
            if (!this.#stopping.signal.aborted) this.#lose(error, isSlow)
            resolve(error)
          },
        },
      })
      if (this.#queue.isFull) this.#channel.pause()
      if (this.#stopping.signal.aborted) this.#channel.close()
      else {
        this.#wasOnline = true
        this.#enter('online')
      }
    })
  }

  #lose(error: RelayError, isSlow: boolean): void {
    const loss = { reason: isSlow ? 'slow' : 'away', error } as const
    this.#queue.noteLoss(loss)
    this.emit('lost', loss)
  }

  #enter(state: 'online' | 'closed'): void {
    this.#state = state
    this.emit(state)
  }
}

/**
 * Subscribes to what is published to a hybrid connection. It begins with the loop over it, or with {@link Subscription.open}.
 *
 * @throws {RelayError} InvalidConnectionString or InvalidConfiguration.
 */
export function subscribe(options: SubscribeOptions): Subscription {
  return new Subscription(options)
}
