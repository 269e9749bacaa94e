import type { ServerResponse } from 'node:http'
import { requestCredential } from '../../auth/credential.ts'
import type { HybridConnection } from '../../domain/hybrid-connection.ts'
import { readListenerFilter } from '../../listeners/listener-choice.ts'
import type { Admitted } from '../../messages/admittance.ts'
import type { MessageOutcome } from '../../messages/entity-messages.ts'
import type { MessageSource } from '../../messages/message.ts'
import { allowedRecord } from '../audit-records.ts'
import { readBody } from '../read-body.ts'
import type { Refusal } from '../refusals.ts'
import type { RelayParts } from '../relay-parts.ts'
import { type OrderedTurn, RequestOrder } from '../request-order.ts'
import { admitMessages, admittedStill, type MessageCall } from './message-admission.ts'
import { messageSource } from './message-source.ts'
import { subscribeStream } from './subscribe-stream.ts'

type Why = Omit<Refusal, 'stage' | 'trackingId' | 'address' | 'remote'>

/** A POST that was let in and holds its place in the load. */
interface AdmittedPost {
  readonly call: MessageCall & { readonly action: 'send' | 'publish' }
  readonly response: ServerResponse
  readonly expectsContinue: boolean
  readonly turn: OrderedTurn
  readonly entity: HybridConnection
  readonly admitted: Admitted
  readonly source: MessageSource
}

/** Pages of any origin may send and subscribe: there are no cookies, the token is the whole authority. */
const anyOrigin = { 'Access-Control-Allow-Origin': '*' }

/** HTTP requests about messages: POST to send or publish, GET to subscribe. docs/protocol/messages.md */
export class MessageDoor {
  readonly #parts: RelayParts
  readonly #order = new RequestOrder()

  constructor(parts: RelayParts) {
    this.#parts = parts
  }

  handle(call: MessageCall, response: ServerResponse, options: { readonly expectsContinue: boolean }): void {
    const method = call.action === 'subscribe' ? 'GET' : 'POST'
    if (call.request.method === 'OPTIONS') answerPreflight(response, method)
    else if (call.request.method !== method) {
      this.#refuse(call, response, { code: 'MethodNotAllowed', headers: { Allow: `${method}, OPTIONS` } })
    } else if (call.action === 'subscribe') this.#subscribe(call, response)
    else this.#post({ ...call, action: call.action }, response, options.expectsContinue)
  }

  #subscribe(call: MessageCall, response: ServerResponse): void {
    admitMessages(this.#parts, call, {
      credential: requestCredential(call.request.headers, call.target),
      refuse: (why) => this.#refuse(call, response, why),
      goOn: (entity, admitted) =>
        subscribeStream(this.#parts, call, { response, entity, admitted, headers: anyOrigin }),
    })
  }

  #post(call: AdmittedPost['call'], response: ServerResponse, expectsContinue: boolean): void {
    const turn = this.#order.take(call.request.socket)
    const credential = requestCredential(call.request.headers, call.target)
    const refuse = (why: Why): void => {
      turn.leave()
      this.#refuse(call, response, why)
    }
    admitMessages(this.#parts, call, {
      credential,
      refuse,
      goOn: (entity, admitted) => {
        const dropAuthorization = admitted.principal.kind !== 'anonymous' && credential?.place === 'Authorization'
        const source = messageSource(call, { dropAuthorization })
        if (source !== undefined) {
          this.#readAndTake({ call, response, expectsContinue, turn, entity, admitted, source }).catch(
            (error: unknown) => {
              this.#parts.log.error('front-door.handler-failed', { error })
              call.request.socket.destroy()
            },
          )
          return
        }
        this.#parts.load.leave(entity.namespace)
        response.shouldKeepAlive = false
        refuse({ code: 'RequestHeaderTooLarge', principal: admitted.principal })
      },
    })
  }

  async #readAndTake(post: AdmittedPost): Promise<void> {
    const { call, response, turn, entity, admitted } = post
    const parts = this.#parts
    const { principal } = admitted
    if (post.expectsContinue && !isTooLong(call, parts.limits.maxMessageBytes)) response.writeContinue()
    const body = await readBody(call.request, {
      maxBytes: parts.limits.maxMessageBytes,
      timeoutMs: entity.httpResponseTimeoutMs ?? parts.limits.httpResponseTimeoutMs,
    })
    if (typeof body === 'string') {
      turn.leave()
      parts.load.leave(entity.namespace)
      // What is still to come of it is nobody's.
      response.shouldKeepAlive = false
      if (!response.destroyed) this.#refuse(call, response, { code: body, principal, wasAllowed: true })
      return
    }
    turn.act(() => {
      parts.load.leave(entity.namespace)
      const current = admittedStill(parts, call, { entity, admitted })
      if ('code' in current) {
        if (!response.destroyed) this.#refuse(call, response, { ...current, principal })
        return
      }
      const outcome = parts.messages.entity(current).take({
        delivery: call.action,
        source: post.source,
        body,
        filter: readListenerFilter(call.request.headers),
      })
      // What is beyond the limit is summed up with other refusals: a flood must not fill the audit log.
      const isFlood = 'code' in outcome && outcome.code === 'TooManyMessages'
      if (!isFlood) parts.audit.record(allowedRecord({ call, action: call.action, principal }))
      this.#answer(post, outcome)
    })
  }

  #answer({ call, response, admitted }: AdmittedPost, outcome: MessageOutcome): void {
    if (response.destroyed) return
    if ('code' in outcome) {
      this.#refuse(call, response, { code: outcome.code, principal: admitted.principal, wasAllowed: true })
      return
    }
    response.writeHead(202, {
      ...anyOrigin,
      'Access-Control-Expose-Headers': 'sb-hc-receivers, sb-hc-message-id, TrackingId',
      'Content-Length': 0,
      'sb-hc-receivers': outcome.receivers,
      'sb-hc-message-id': outcome.id,
      TrackingId: call.trackingId,
    })
    response.end()
  }

  #refuse(call: MessageCall, response: ServerResponse, why: Why): void {
    const { trackingId, address, remote, scope, action } = call
    const headers = { ...anyOrigin, 'Access-Control-Expose-Headers': 'TrackingId', ...why.headers }
    const refusal = { ...why, stage: action, trackingId, address, remote, scope, headers }
    this.#parts.refusals.refuseRequest(response, refusal)
  }
}

function isTooLong({ request }: MessageCall, maxBytes: number): boolean {
  return Number(request.headers['content-length'] ?? 0) > maxBytes
}

/** @see https://fetch.spec.whatwg.org/#http-cors-protocol: `*` does not stand for Authorization */
function answerPreflight(response: ServerResponse, method: string): void {
  response.writeHead(204, {
    ...anyOrigin,
    'Access-Control-Allow-Methods': method,
    'Access-Control-Allow-Headers': 'Authorization, ServiceBusAuthorization, Content-Type, *',
    'Access-Control-Max-Age': 3600,
    Allow: `${method}, OPTIONS`,
  })
  response.end()
}
