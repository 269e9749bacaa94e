import {
  encodeRequest,
  encodeRequestAddress,
  formatRendezvousAddress,
  maxHeaderJsonBytes,
  type ResponseMessage,
  toRequestHeaders,
  toRequestTarget,
} from '@postern/protocol'
import type { KeepAlive } from '@postern/websocket'
import { type EntityKey, entityKey } from '../domain/hybrid-connection.ts'
import type { ControlChannel, PendingRequest } from '../listeners/control-channel.ts'
import { readListenerFilter } from '../listeners/listener-choice.ts'
import type { ListenerRegistry } from '../listeners/listener-registry.ts'
import type { Offer, OfferBook } from '../rendezvous/offer-book.ts'
import type { RelayHolders, RendezvousSocket, RequestHolder } from '../rendezvous/rendezvous-socket.ts'
import type { HttpCall, HttpOutcome } from './http-call.ts'
import { type BodyPlan, collectBody, planBody } from './request-body.ts'
import { RequestRendezvous, type RequestRendezvousHandler } from './request-rendezvous.ts'
import { ResponseWriter } from './response-writer.ts'

export interface HttpExchangeParts {
  readonly listeners: ListenerRegistry
  readonly offers: OfferBook<RelayHolders>
  readonly keepAlive: KeepAlive
  /** How long the listener may take to begin its response, and how long a begun one may pause. */
  readonly responseTimeoutMs: number
}

/**
 * One HTTP request from sender to listener and its response back.
 *
 * The deadline counts from the last thing that the listener or the upload did. It ends an exchange with 504 while no
 * response has begun, and by cutting the connection afterwards; a sender that reads slowly is not judged.
 */
export class HttpExchange implements PendingRequest, RequestHolder, RequestRendezvousHandler {
  readonly #call: HttpCall
  readonly #parts: HttpExchangeParts
  readonly #entity: EntityKey
  readonly #writer: ResponseWriter
  readonly #plan: BodyPlan
  readonly #deadline: NodeJS.Timeout
  #channel: ControlChannel | undefined
  #offer: Offer<RequestHolder> | undefined
  #rendezvous: RequestRendezvous | undefined
  #uploading: boolean
  #status: number | undefined
  #bytesFromSender = 0
  #done = false

  constructor(call: HttpCall, parts: HttpExchangeParts) {
    this.#call = call
    this.#parts = parts
    this.#entity = entityKey(call.entity.namespace, call.entity.name)
    this.#plan = planBody(call.request)
    this.#uploading = this.#plan !== 'none'
    const method = call.request.method ?? 'GET'
    this.#writer = new ResponseWriter({ response: call.response, via: `1.1 ${hostOf(call)}`, method })
    this.#deadline = setTimeout(() => this.#onDeadline(), parts.responseTimeoutMs)
    call.response.on('close', () => this.#onSenderClosed())
    call.response.on('drain', () => this.#onSenderDrained())
    call.response.on('error', () => this.#onSenderClosed())
    call.request.on('error', () => this.#onSenderClosed())
  }

  start(): void {
    const { request, response, expectsContinue } = this.#call
    const filter = readListenerFilter(request.headers)
    const channel = this.#parts.listeners.choose(this.#entity, filter)
    if (channel === 'none-connected') return this.#refuse('NoListenersForRequest')
    if (channel === 'none-matches') return this.#refuse('NoListenerMatches')
    this.#offer = this.#parts.offers.open('request', { entity: this.#entity, holder: this })
    if (this.#offer === undefined) return this.#refuse('TooManyPendingOffers')
    const text = this.#requestText(channel, this.#plan !== 'none')
    if (Buffer.byteLength(text) > maxHeaderJsonBytes) return this.#refuse('RequestHeaderTooLarge')
    this.#channel = channel
    channel.watch(this)
    channel.expectResponse(this.#offer.id, this)
    if (expectsContinue) response.writeContinue()
    if (this.#plan === 'none') channel.send(text)
    else if (this.#plan === 'small') collectBody(request, (body) => this.#sendSmall(text, body))
    else channel.send(encodeRequestAddress({ address: this.#address(channel), id: this.#offer.id }))
  }

  /** The response came on the control channel. */
  onResponse(message: ResponseMessage, body: Uint8Array | undefined): void {
    if (this.#done || this.#rendezvous) return
    this.#writeHead(message, body?.length ?? 0)
    if (this.#done) return
    this.#complete(body)
  }

  onViolation(reason: string): void {
    this.#fail('ListenerProtocolViolation', reason)
  }

  /** A request that has its own rendezvous does not need the control channel any more. */
  onChannelLost(): void {
    if (!this.#rendezvous) this.#fail('ListenerLost')
  }

  onExpired(): void {
    this.#onDeadline()
  }

  onWithdrawn(code: 'EndpointNotFound' | 'ActionDisabled'): void {
    this.#refuse(code)
  }

  onRendezvous(socket: RendezvousSocket): void {
    if (this.#done) return
    const rendezvous = new RequestRendezvous(socket, this)
    this.#rendezvous = rendezvous
    this.#parts.keepAlive.add(rendezvous)
    this.#deadline.refresh()
    if (this.#plan === 'rendezvous' && this.#channel) this.#upload(rendezvous, this.#channel)
  }

  onResponseHead(message: ResponseMessage): void {
    this.#deadline.refresh()
    this.#writeHead(message, message.body ? undefined : 0)
  }

  onResponseBody(chunk: Uint8Array): boolean {
    this.#deadline.refresh()
    return this.#writer.write(chunk)
  }

  onResponseEnd(): void {
    this.#complete()
  }

  onDrain(): void {
    this.#call.request.resume()
  }

  onBroken(code: 'ListenerLost' | 'ListenerProtocolViolation', reason: string): void {
    this.#fail(code, reason)
  }

  #sendSmall(text: string, body: Uint8Array): void {
    this.#uploading = false
    if (this.#done || !this.#channel) return
    // It was ready when it was chosen. Meanwhile it may have been given more than it reads.
    if (!this.#channel.isReady) return this.#refuse('TooManyPendingOffers')
    this.#deadline.refresh()
    this.#bytesFromSender = body.length
    this.#channel.sendWithBody(text, body)
  }

  #upload(rendezvous: RequestRendezvous, channel: ControlChannel): void {
    const { request } = this.#call
    rendezvous.sendRequest(this.#requestText(channel, true))
    request.on('data', (chunk: Uint8Array) => {
      if (this.#done) return
      this.#deadline.refresh()
      this.#bytesFromSender += chunk.length
      if (!rendezvous.sendBody(chunk)) request.pause()
    })
    request.on('end', () => {
      this.#uploading = false
      if (!this.#done) rendezvous.endBody()
    })
  }

  #writeHead(message: ResponseMessage, bodyLength: number | undefined): void {
    if (this.#uploading) this.#call.response.shouldKeepAlive = false
    const problem = this.#writer.writeHead(message, bodyLength)
    if (problem === undefined) this.#status = message.statusCode
    else this.#fail('ListenerProtocolViolation', problem)
  }

  #complete(body?: Uint8Array): void {
    if (this.#done) return
    this.#writer.end(body)
    this.#finish('complete')
    this.#rendezvous?.close()
  }

  #fail(code: 'ListenerLost' | 'ListenerProtocolViolation', reason?: string): void {
    if (this.#done) return
    if (!this.#writer.headSent) return this.#refuse(code, reason)
    this.#writer.abort()
    this.#finish('listener-gone', reason ?? code)
    this.#rendezvous?.abort()
  }

  #refuse(code: Parameters<HttpCall['refuse']>[0], message?: string): void {
    if (this.#done) return
    this.#finish('refused', message === undefined ? code : `${code}: ${message}`)
    if (this.#uploading) this.#call.response.shouldKeepAlive = false
    this.#call.refuse(code, message)
    this.#rendezvous?.abort()
  }

  #onDeadline(): void {
    if (this.#done) return
    if (this.#call.response.writableNeedDrain) {
      this.#deadline.refresh()
      return
    }
    if (!this.#writer.headSent) {
      return this.#refuse(this.#waitsForSender() ? 'RequestTimeout' : 'ResponseTimeout')
    }
    this.#writer.abort()
    this.#finish('timed-out')
    this.#rendezvous?.abort()
  }

  /** The listener, or the relay, would take more of the body than the sender has sent. */
  #waitsForSender(): boolean {
    if (!this.#uploading) return false
    return this.#plan === 'small' || (this.#rendezvous !== undefined && !this.#call.request.isPaused())
  }

  #onSenderDrained(): void {
    this.#deadline.refresh()
    this.#rendezvous?.resume()
  }

  /** The response's 'close' comes after every end; before the response is whole it means that the sender left. */
  #onSenderClosed(): void {
    if (this.#done) return
    this.#finish('sender-gone')
    this.#rendezvous?.abort()
  }

  #finish(end: HttpOutcome['end'], reason?: string): void {
    this.#done = true
    clearTimeout(this.#deadline)
    if (this.#offer) {
      this.#parts.offers.cancel(this.#offer)
      this.#channel?.forgetRequest(this.#offer.id)
    }
    this.#channel?.unwatch(this)
    if (this.#rendezvous) this.#parts.keepAlive.delete(this.#rendezvous)
    this.#call.onDone({
      ...(this.#status !== undefined && { status: this.#status }),
      end,
      ...(reason !== undefined && { reason }),
      ...(this.#channel && { listener: this.#channel.id }),
      bytesFromSender: this.#bytesFromSender,
      bytesFromListener: this.#writer.bytes,
    })
  }

  #requestText(channel: ControlChannel, body: boolean): string {
    const { request, remote, target, dropAuthorization } = this.#call
    return encodeRequest({
      address: this.#address(channel),
      id: this.#offer?.id ?? '',
      requestTarget: toRequestTarget(target),
      method: request.method ?? 'GET',
      remoteEndpoint: { address: remote.address, port: remote.port },
      requestHeaders: toRequestHeaders(request.rawHeaders, { dropAuthorization, via: `1.1 ${hostOf(this.#call)}` }),
      body,
    })
  }

  /** Names the entity alone (observed): sub-path and query stand in the request itself. */
  #address(channel: ControlChannel): string {
    return formatRendezvousAddress({
      origin: channel.origin,
      rawPath: `/${encodeURI(this.#call.entity.name)}`,
      rawQuery: '',
      action: 'request',
      id: this.#offer?.id ?? '',
    })
  }
}

/** The name under which the sender reached the relay: Via names the namespace's host. */
function hostOf(call: HttpCall): string {
  return call.host.replace(/:\d+$/, '')
}
