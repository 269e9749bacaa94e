import type { Duplex } from 'node:stream'
import { type Logger, Secret } from '@postern/program'
import {
  decodeListenerMessage,
  type ErrorCode,
  maxControlBodyBytes,
  maxControlMessageBytes,
  type ResponseMessage,
  type TargetState,
} from '@postern/protocol'
import {
  type EndpointEnd,
  type EndpointHandler,
  type KeepAlivePeer,
  MessageCollector,
  WebSocketEndpoint,
  WebSocketError,
} from '@postern/websocket'
import type { Decision, Principal } from '../auth/decision.ts'
import type { EntityKey } from '../domain/hybrid-connection.ts'
import type { RemoteEndpoint } from '../domain/remote-endpoint.ts'
import { toLogText } from '../telemetry/log-text.ts'
import { TokenExpiry } from './token-expiry.ts'

/** Somebody whose work cannot go on without this channel. */
export interface ChannelDependant {
  onChannelLost(): void
}

/** An HTTP request that was sent over a control channel and waits for its response. */
export interface PendingRequest extends ChannelDependant {
  /** The response came on the control channel; `body` is absent when the message said that none follows. */
  onResponse(message: ResponseMessage, body: Uint8Array | undefined): void
  /** The listener broke the protocol in a way that concerns this response. */
  onViolation(reason: string): void
}

/** How a control channel ended. */
export interface ChannelEnd {
  readonly code: number
  readonly reason: string
  /** What the relay ended it for; absent when the listener did, or when nothing was wrong with it. */
  readonly refused?: ErrorCode
}

/** What a listener proved when it opened its control channel. */
export interface ListenerAdmission {
  readonly token: Secret
  readonly principal: Principal
  readonly expiresAtMs: number
}

export interface ControlChannelOptions {
  readonly stream: Duplex
  readonly head: Uint8Array
  readonly entity: EntityKey
  /** The listener's `sb-hc-id`, or one made for it. */
  readonly id: string
  readonly trackingId: string
  /** `wss://host[:port]` that this listener used: the addresses handed to it begin with it. */
  readonly origin: string
  readonly remote: RemoteEndpoint
  /** It came through the private door. */
  readonly isPrivate: boolean
  /** The Java client, by its User-Agent: addresses for it leave out what it breaks on. */
  readonly isJava: boolean
  /** What it said of its target when it listened; only listeners of ours say it. */
  readonly target: TargetState | undefined
  readonly admission: ListenerAdmission
  /** Decides about a renewed token. */
  readonly authorizeToken: (token: string) => Decision | Promise<Decision>
  /** Decides again about what was admitted, after something changed. */
  readonly reauthorize: (admission: ListenerAdmission) => Decision
  readonly tokenGraceMs: number
  readonly log: Logger
  /** A renewed token was taken; a listener that renews without end is told of once a minute. */
  readonly onRenewed: (principal: Principal) => void
  readonly onClosed: (channel: ControlChannel, end: ChannelEnd) => void
}

/** Bytes that a listener may leave unread on its control channel before it gets nothing new. */
const maxUnreadBytes = 1024 * 1024

/** What an answer to a ping may take, with one packet that is lost on the way. */
const proofMs = 2_000

/** Lines that a listener's own mistakes may cause in the log of one channel; it can make them as fast as it sends. */
const maxMistakeLines = 20

/** Listeners renew once or twice an hour; one that does it all the time must not fill the audit log. */
const renewalNoticeMs = 60_000

/** One listener's long-lived WebSocket: messages to it, its responses and renewals back, and its end. */
export class ControlChannel implements EndpointHandler, KeepAlivePeer {
  readonly id: string
  readonly trackingId: string
  readonly entity: EntityKey
  readonly origin: string
  readonly remote: RemoteEndpoint
  readonly isPrivate: boolean
  readonly isJava: boolean
  readonly #endpoint: WebSocketEndpoint
  readonly #messages: MessageCollector
  readonly #options: ControlChannelOptions
  readonly #requests = new Map<string, PendingRequest>()
  readonly #dependants = new Set<ChannelDependant>()
  #target: TargetState | undefined
  #admission: ListenerAdmission
  readonly #expiry = new TokenExpiry(() => this.close(1008, 'The token has expired.', 'TokenExpiredOnChannel'))
  #proof: NodeJS.Timeout | undefined
  #bytesAtDoubt: number | undefined
  /** The response whose body is the next binary message. */
  #bodyFor: ResponseMessage | undefined
  #closed = false
  /** Why the relay said CLOSE. */
  #ending: ChannelEnd | undefined
  #mistakes = 0
  #renewalToldAtMs = Number.NEGATIVE_INFINITY

  constructor(options: ControlChannelOptions) {
    this.#options = options
    this.#admission = options.admission
    this.id = options.id
    this.trackingId = options.trackingId
    this.entity = options.entity
    this.origin = options.origin
    this.remote = options.remote
    this.isPrivate = options.isPrivate
    this.isJava = options.isJava
    this.#target = options.target
    this.#messages = new MessageCollector({
      maxTextBytes: maxControlMessageBytes,
      maxBinaryBytes: maxControlBodyBytes,
      onText: (text) => this.#onText(text),
      onBinary: (bytes) => this.#onBinary(bytes),
      onTooLarge: () =>
        this.close(1009, 'Messages on the control channel are limited to 64 KiB; use a rendezvous.', 'MessageTooLarge'),
      onInvalidText: () => this.close(1007, 'A text message was not UTF-8.', 'ProtocolViolation'),
    })
    this.#endpoint = new WebSocketEndpoint({
      stream: options.stream,
      role: 'server',
      handler: this,
      head: options.head,
    })
    this.#watchExpiry()
  }

  /** True while messages can be sent: open, and the listener reads what it gets. */
  get isReady(): boolean {
    return !this.isEnding && !this.#isDoubted && this.#endpoint.bufferedBytes < maxUnreadBytes
  }

  /** One of the two ends has closed it; the socket may still be there. */
  get isEnding(): boolean {
    return this.#closed || this.#endpoint.state !== 'open'
  }

  /** Whether what stands behind it answers; undefined for a listener that has never said so. */
  get target(): TargetState | undefined {
    return this.#target
  }

  get bytesReceived(): number {
    return this.#endpoint.bytesReceived
  }

  get isPaused(): boolean {
    return this.#endpoint.isPaused
  }

  /** Sends an accept message, or a request without a body. */
  send(text: string): void {
    this.#endpoint.sendText(text)
  }

  /** Bytes that wait for the listener to read. */
  get bufferedBytes(): number {
    return this.#endpoint.bufferedBytes
  }

  /** Sends frames that others get too: they never change. */
  deliver(frames: Uint8Array): void {
    this.#endpoint.sendEncoded(frames)
  }

  /** Sends a request and its body as the one binary message that must follow it directly. */
  sendWithBody(text: string, body: Uint8Array): void {
    this.#endpoint.sendText(text)
    this.#endpoint.sendBinary(body)
  }

  /** Calls `onChannelLost` when this channel ends, until `unwatch`. */
  watch(dependant: ChannelDependant): void {
    this.#dependants.add(dependant)
  }

  unwatch(dependant: ChannelDependant): void {
    this.#dependants.delete(dependant)
  }

  /** Routes the response with this request id to `request` until `forgetRequest`. */
  expectResponse(requestId: string, request: PendingRequest): void {
    this.#requests.set(requestId, request)
  }

  forgetRequest(requestId: string): void {
    this.#requests.delete(requestId)
  }

  /** Whoever was admitted, by the token that counts now. */
  get principal(): Principal {
    return this.#admission.principal
  }

  /** Looks again at the admission after rules, keys or roles changed; closes with 1008 when it would be refused now. */
  revalidate(): void {
    if (this.#options.reauthorize(this.#admission).allowed) return
    this.close(1008, 'The key, rule or role that admitted this listener has changed.', 'AuthorizationRevoked')
  }

  /** @param refused what is wrong with the listener, if anything */
  close(code: number, reason: string, refused?: ErrorCode): void {
    this.#ending ??= { code, reason, ...(refused !== undefined && { refused }) }
    this.#endpoint.close(code, `${reason} TrackingId:${this.trackingId}`)
  }

  /**
   * The same listener has come once more. Most likely this channel is what a broken network has left of it: it gets nothing
   * new until it has shown that it lives, and is cut when it does not.
   */
  doubt(): void {
    if (this.isEnding || this.#isDoubted) return
    this.#bytesAtDoubt = this.bytesReceived
    this.#proof = setTimeout(() => {
      if (this.#isDoubted) this.onSilent()
      this.#bytesAtDoubt = undefined
    }, proofMs)
    this.ping()
  }

  ping(): void {
    this.#endpoint.ping()
  }

  onSilent(): void {
    this.#options.log.warn('listener.silent', { trackingId: this.trackingId, entity: this.entity })
    this.#endpoint.abort()
  }

  onMessageStart(kind: 'text' | 'binary'): void {
    this.#messages.onMessageStart(kind)
  }

  onMessageData(chunk: Uint8Array): void {
    this.#messages.onMessageData(chunk)
  }

  onMessageEnd(): void {
    this.#messages.onMessageEnd()
  }

  onCloseFrame(): void {
    this.#stop()
  }

  onDrain(): void {
    // Nothing waits for it: isReady is asked before each message.
  }

  onEnd({ code, reason, error }: EndpointEnd): void {
    this.#stop()
    const isViolation = error instanceof WebSocketError
    this.#options.onClosed(this, this.#ending ?? { code, reason, ...(isViolation && { refused: 'ProtocolViolation' }) })
    const dependants = [...this.#dependants, ...this.#requests.values()]
    this.#dependants.clear()
    this.#requests.clear()
    for (const dependant of dependants) dependant.onChannelLost()
  }

  get #isDoubted(): boolean {
    return this.#bytesAtDoubt === this.bytesReceived
  }

  #stop(): void {
    this.#closed = true
    clearTimeout(this.#proof)
    this.#expiry.stop()
  }

  #onText(text: string): void {
    if (this.#bodyFor) {
      this.#violation(this.#bodyFor.requestId, 'a text message came where the body of a response was announced')
      this.#bodyFor = undefined
    }
    const message = decodeListenerMessage(text)
    switch (message.kind) {
      case 'response':
        if (message.message.body) this.#bodyFor = message.message
        else this.#deliver(message.message, undefined)
        return
      case 'renewToken':
        this.#renew(message.token)
        return
      case 'target':
        if (this.#target !== undefined) this.#target = message.state
        else this.#logMistake('debug', 'listener.message_ignored', message.kind)
        return
      case 'unknown':
        this.#logMistake('debug', 'listener.message_ignored', message.name)
        return
      case 'malformed':
        this.#logMistake('warn', 'listener.message_malformed', message.reason)
        if (message.requestId !== undefined) this.#violation(message.requestId, message.reason)
    }
  }

  /** A binary message that nobody announced is ignored: hyco-https sends an empty one after a 204 (observed). */
  #onBinary(bytes: Uint8Array): void {
    const message = this.#bodyFor
    if (message === undefined) return
    this.#bodyFor = undefined
    this.#deliver(message, bytes)
  }

  /** A response that nobody waits for any more (sender gone, deadline passed) is dropped. */
  #deliver(message: ResponseMessage, body: Uint8Array | undefined): void {
    const request = this.#requests.get(message.requestId)
    if (request === undefined) return
    this.#requests.delete(message.requestId)
    request.onResponse(message, body)
  }

  #violation(requestId: string, reason: string): void {
    const request = this.#requests.get(requestId)
    this.#requests.delete(requestId)
    request?.onViolation(reason)
  }

  /**
   * Hybrid Connections protocol, "Listener token renewal": a bad token closes the channel with 1008. What is no token at
   * all is ignored until the old one has run out: the Java client renews with the text of an object (observed).
   */
  #renew(token: string): void {
    const decision = this.#options.authorizeToken(token)
    if (decision instanceof Promise) void decision.then((late) => this.#onRenewal(token, late))
    else this.#onRenewal(token, decision)
  }

  #onRenewal(token: string, decision: Decision): void {
    if (this.#closed) return
    if (decision.allowed) {
      const { principal, expiresAtMs } = decision
      this.#admission = { token: new Secret(token), principal, expiresAtMs }
      this.#options.log.debug('listener.token_renewed', { trackingId: this.trackingId })
      this.#watchExpiry()
      this.#tellRenewal(decision.principal)
      return
    }
    this.#logMistake('warn', 'listener.renewal_refused', decision.reason)
    if (decision.code !== 'TokenMalformed') this.close(1008, 'The renewed token is not valid.', decision.code)
  }

  #tellRenewal(principal: Principal): void {
    const nowMs = performance.now()
    if (nowMs - this.#renewalToldAtMs < renewalNoticeMs) return
    this.#renewalToldAtMs = nowMs
    this.#options.onRenewed(principal)
  }

  #logMistake(level: 'warn' | 'debug', event: string, reason: string): void {
    this.#mistakes += 1
    if (this.#mistakes > maxMistakeLines) return
    const isLast = this.#mistakes === maxMistakeLines
    const { trackingId } = this
    this.#options.log[level](event, { trackingId, reason: toLogText(reason), ...(isLast && { isLast }) })
  }

  #watchExpiry(): void {
    this.#expiry.watch(this.#admission.expiresAtMs + this.#options.tokenGraceMs)
  }
}
