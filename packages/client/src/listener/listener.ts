import { randomUUID } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { RelayError, type TargetState, targetHeader } from '@postern/protocol'
import { KeepAlive } from '@postern/websocket'
import { type DialedSocket, DialFailure, dialRelay } from '../connection/dial-relay.ts'
import { hybridConnectionUrl, locateRelay, type RelayLocation } from '../connection/relay-options.ts'
import { RequestDispatcher } from '../requests/request-dispatcher.ts'
import type { SecurityToken } from '../tokens/token-provider.ts'
import { ConnectionRequest } from './connection-request.ts'
import { ControlChannel } from './control-channel.ts'
import type { ListenerEvents, ListenerOptions, ListenerState } from './listener-options.ts'
import { pause } from './pause.ts'
import { type FailedAttempt, ReconnectDelay } from './reconnect-delay.ts'
import { needsFreshToken } from './refused-token.ts'
import { type PulsePeer, RelayPulse } from './relay-pulse.ts'
import { TokenRenewal } from './token-renewal.ts'

const defaultKeepAliveMs = 30_000
const defaultHandshakeTimeoutMs = 10_000

/** A channel that lived shorter than this does not count as a success: a relay that drops us at once is not hammered. */
const provenAfterMs = 5_000

/** A control channel whose handshake has succeeded. */
interface OpenedChannel {
  readonly dialed: DialedSocket
  readonly token: SecurityToken | undefined
  /** What the handshake said of the target. */
  readonly declared: TargetState | undefined
}

/**
 * Receives connections and HTTP requests for one hybrid connection, and comes back by itself whenever the relay or the
 * network was away: for ever, with jittered delays of at most 4 s (longer only when the relay asks for it or says that
 * the hybrid connection does not exist).
 *
 * @example
 * const listener = new Listener({
 *   connectionString: process.env.RELAY_CONNECTION_STRING,
 *   onConnection: async (request) => {
 *     const stream = await request.accept()
 *     stream.pipe(stream)
 *   },
 *   onRequest: (request, response) => response.end(`You asked for ${request.url}\n`),
 * })
 * listener.on('offline', (error) => console.error(error.message))
 * await listener.open()
 */
export class Listener extends EventEmitter<ListenerEvents> {
  readonly #options: ListenerOptions
  readonly #relay: RelayLocation
  readonly #id: string
  readonly #keepAlive: KeepAlive
  readonly #delay: ReconnectDelay
  readonly #requests: RequestDispatcher
  readonly #stopping = new AbortController()
  #state: ListenerState = 'idle'
  #lastError: RelayError | undefined
  #channel: ControlChannel | undefined
  #life: Promise<void> | undefined
  #wantsFreshToken = false
  #target: TargetState | undefined
  readonly #pulse: RelayPulse
  readonly #pulsePeer: PulsePeer
  /** Ends the wait for the next attempt. */
  #hurry: AbortController | undefined
  /** Only the network is to blame for that wait. */
  #mayHurry = false
  #renewal: TokenRenewal | undefined
  /** Ends the attempt that is made beside a channel on which the relay is late. */
  #challenge: AbortController | undefined
  /** What came of that attempt. */
  #successor: OpenedChannel | undefined

  /** @throws {RelayError} InvalidConnectionString or InvalidConfiguration. */
  constructor(options: ListenerOptions) {
    super()
    this.#options = options
    this.#relay = locateRelay(options)
    this.#id = options.id ?? randomUUID()
    this.#target = options.target
    this.#keepAlive = new KeepAlive({ intervalMs: options.keepAliveIntervalMs ?? defaultKeepAliveMs, maxMissed: 2 })
    this.#delay = new ReconnectDelay(options.random)
    this.#pulse = options.pulse ?? new RelayPulse()
    this.#pulsePeer = this.#feelPulse()
    this.#requests = new RequestDispatcher({
      relay: this.#relay,
      keepAlive: this.#keepAlive,
      onRequest: options.onRequest,
      onProblem: (error) => this.#report(error),
    })
  }

  /** The GUID that names this listener to the relay. */
  get id(): string {
    return this.#id
  }

  /** Where it is in its life. */
  get state(): ListenerState {
    return this.#state
  }

  /** Why it is or was last offline. */
  get lastError(): RelayError | undefined {
    return this.#lastError
  }

  /** Name of the authorization rule that tokens are signed with. */
  get keyName(): string | undefined {
    return this.#relay.tokenProvider?.keyName
  }

  /** Begins to listen and returns at once; what happens is told by events. It never gives up. */
  start(): void {
    if (this.#state === 'closed') throw new RelayError('InvalidConfiguration', { message: 'The listener is closed' })
    this.#life ??= this.#live()
  }

  /**
   * Begins to listen and resolves when the relay has accepted it. A first attempt that fails for a reason that will not
   * pass by itself (401, 404, ...) closes the listener and is thrown; others are repeated until `signal` says stop.
   *
   * @throws {RelayError} the reason of the refusal; the signal's reason when it was aborted.
   */
  async open({ signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    if (this.#state === 'online') return
    const decided = new AbortController()
    const wait = { signal: signal ? AbortSignal.any([signal, decided.signal]) : decided.signal }
    this.start()
    try {
      await Promise.race([
        once(this, 'online', wait),
        this.#firstHopelessFailure(wait.signal),
        once(this, 'closed', wait).then(() => {
          throw this.#lastError ?? new RelayError('ControlChannelLost', { message: 'The listener was closed' })
        }),
      ])
    } catch (error) {
      await this.close()
      throw signal?.aborted ? signal.reason : error
    } finally {
      decided.abort()
    }
  }

  /** Says that what stands behind this listener answers, or no longer does. */
  declareTarget(state: TargetState): void {
    if (state === this.#target) return
    this.#target = state
    this.#channel?.declareTarget(state)
  }

  /**
   * The token provider has another credential: an open channel gets a token of it at once and stays open, and the wait for the
   * next attempt ends.
   */
  renewToken(): void {
    this.#renewal?.renew()
    this.#hurry?.abort()
  }

  /**
   * Stops listening: the relay sends nobody any more. Connections that were accepted live on.
   * Resolves when the control channel is closed, within 5 s.
   */
  async close(): Promise<void> {
    if (this.#state === 'closed') return
    this.#stopping.abort()
    this.#channel?.close()
    await this.#life
    if (!this.#life) this.#enter('closed')
  }

  /** The same as {@link Listener.close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #live(): Promise<void> {
    const { signal } = this.#stopping
    this.#pulse.add(this.#pulsePeer)
    while (!signal.aborted) {
      const { error, ...attempt } = await this.#holdChannel()
      if (signal.aborted) break
      this.#lastError = error
      this.#wantsFreshToken = needsFreshToken(error)
      const failure = { isRefused: !error.isTransient, isMissing: error.code === 'EndpointNotFound' }
      const delayMs = this.#successor ? 0 : this.#delay.next({ ...failure, ...attempt })
      this.#state = 'offline'
      this.emit('offline', error, delayMs)
      if (delayMs > 0) await this.#pause(delayMs, { mayHurry: error.isTransient && attempt.retryAfterMs === undefined })
    }
    this.#pulse.delete(this.#pulsePeer)
    this.#successor?.dialed.socket.destroy()
    this.#enter('closed')
  }

  /** Waits for the next attempt; where only the network was to blame, a change of it makes the wait shorter. */
  async #pause(delayMs: number, { mayHurry }: { readonly mayHurry: boolean }): Promise<void> {
    const hurry = new AbortController()
    this.#hurry = hurry
    this.#mayHurry = mayHurry
    await pause(delayMs, AbortSignal.any([this.#stopping.signal, hurry.signal]))
    this.#hurry = undefined
  }

  /** Opens a control channel and holds it as long as it lives; says why it ended. Never throws. */
  async #holdChannel(): Promise<{ error: RelayError } & Pick<FailedAttempt, 'retryAfterMs' | 'tookMs'>> {
    const startedAtMs = performance.now()
    try {
      const opened = this.#successor ?? (await this.#connect())
      this.#successor = undefined
      const openedAtMs = performance.now()
      const error = await this.#serve(opened)
      if (performance.now() - openedAtMs >= provenAfterMs) this.#delay.reset()
      return { error }
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

  #connect(): Promise<OpenedChannel> {
    this.#state = 'connecting'
    this.emit('connecting', this.#delay.failures + 1)
    return this.#open(this.#stopping.signal)
  }

  #open(signal: AbortSignal): Promise<OpenedChannel> {
    const { turns } = this.#options
    return turns ? turns.run(this.#relay.origin, signal, () => this.#handshake(signal)) : this.#handshake(signal)
  }

  async #handshake(signal: AbortSignal): Promise<OpenedChannel> {
    const { tokenProvider, audience } = this.#relay
    const { headers, handshakeTimeoutMs = defaultHandshakeTimeoutMs } = this.#options
    const token = await tokenProvider?.getToken({ audience, fresh: this.#wantsFreshToken, signal })
    const declared = this.#target
    const dialed = await dialRelay(this.#relay, {
      url: hybridConnectionUrl(this.#relay, { action: 'listen', id: this.#id }),
      role: 'listener',
      timeoutMs: handshakeTimeoutMs,
      signal,
      headers: { ...headers, ...(declared && { [targetHeader]: declared }) },
      ...(token && { token: token.text }),
    })
    return { dialed, token, declared }
  }

  #serve({ dialed, token, declared }: OpenedChannel): Promise<RelayError> {
    return new Promise((resolve) => {
      let renewal: TokenRenewal | undefined
      const channel = new ControlChannel(dialed, this.#keepAlive, {
        onAccept: (message) => {
          const relay = { ...this.#relay, isPostern: channel.isPostern }
          void this.#offer(() => new ConnectionRequest(message, relay, this.#keepAlive))
        },
        onRequest: (message, body) => this.#requests.fromControlChannel(channel, message, body),
        onRequestAddress: (address) => this.#requests.fromRendezvous(address),
        onLost: (error) => {
          renewal?.stop()
          this.#renewal = undefined
          this.#channel = undefined
          this.#challenge?.abort()
          resolve(error)
        },
      })
      this.#channel = channel
      const { tokenProvider: provider, audience } = this.#relay
      if (provider && token) {
        renewal = new TokenRenewal({
          provider,
          audience,
          current: token,
          onToken: ({ text }) => channel.renewToken(text),
          onError: (error) => this.#report(error),
        })
        this.#renewal = renewal
      }
      // It may have changed while the handshake was on its way.
      if (this.#target !== undefined && this.#target !== declared) channel.declareTarget(this.#target)
      if (this.#stopping.signal.aborted) channel.close()
      else this.#enter('online')
    })
  }

  /**
   * The relay is late with an answer. Whether that is the channel's fault is found out beside it: by another channel, which
   * takes its place when it can be opened. When it cannot, the relay is out of reach, and the channel is of no use to anybody.
   * A byte from the relay ends the doubt.
   */
  async #doubt(): Promise<void> {
    const channel = this.#channel
    if (!channel?.isOpen || this.#challenge) return
    const challenge = new AbortController()
    this.#challenge = challenge
    const heard = channel.bytesReceived
    try {
      const successor = await this.#open(AbortSignal.any([this.#stopping.signal, challenge.signal]))
      if (channel.isOpen && channel.bytesReceived === heard) this.#successor = successor
      else successor.dialed.socket.destroy()
    } catch {
      // The next attempt says why.
    }
    this.#challenge = undefined
    if (channel.isOpen && channel.bytesReceived === heard) channel.abandon()
  }

  async #offer(read: () => ConnectionRequest): Promise<void> {
    let request: ConnectionRequest | undefined
    try {
      request = read()
      if (this.#options.onConnection) await this.#options.onConnection(request)
      else await request.reject({ status: 501, description: 'This listener takes no WebSocket connections' })
    } catch (thrown) {
      this.#report(thrown instanceof Error ? thrown : new Error(String(thrown)))
      if (!request || request.isAnswered) return
      const rejection = { status: 502, description: "The listener's handler failed" }
      await request.reject(rejection).catch((error: Error) => this.#report(error))
    }
  }

  #feelPulse(): PulsePeer {
    const channel = (): ControlChannel | undefined => this.#channel
    return {
      origin: this.#relay.origin,
      get channel() {
        return channel()
      },
      onLate: () => void this.#doubt(),
      onNetworkChange: () => {
        if (this.#mayHurry) this.#hurry?.abort()
      },
    }
  }

  async #firstHopelessFailure(signal: AbortSignal): Promise<never> {
    for (;;) {
      const [error] = (await once(this, 'offline', { signal })) as ListenerEvents['offline']
      if (!error.isTransient) throw error
    }
  }

  #enter(state: 'online' | 'closed'): void {
    this.#state = state
    this.emit(state)
  }

  #report(error: Error): void {
    this.emit('problem', error)
  }
}
