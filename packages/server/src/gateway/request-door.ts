import type { ServerResponse } from 'node:http'
import { authorize, authorizeSender } from '../auth/authorize.ts'
import { requestCredential } from '../auth/credential.ts'
import type { Principal } from '../auth/decision.ts'
import { endpointOfMetadata, formatEndpoint } from '../domain/endpoint.ts'
import { entityKey } from '../domain/hybrid-connection.ts'
import type { HttpOutcome } from '../http-relay/http-call.ts'
import { HttpExchange } from '../http-relay/http-exchange.ts'
import { atomEntryContentType, atomError, hybridConnectionEntry } from '../management/atom-entry.ts'
import { toLogText } from '../telemetry/log-text.ts'
import { allowedRecord, streamRecord } from './audit-records.ts'
import { authorizationQuestion } from './authorization-question.ts'
import type { Call } from './call.ts'
import type { Refusal } from './refusals.ts'
import type { RelayParts } from './relay-parts.ts'

/** HTTP requests at the data door: relayed to a listener, or answered as ATOM management reads. */
export class RequestDoor {
  readonly #parts: RelayParts

  constructor(parts: RelayParts) {
    this.#parts = parts
  }

  handle(call: Call, response: ServerResponse, options: { readonly expectsContinue: boolean }): void {
    // The header, not `api-version`, tells a management read from a relayed request (observed).
    const processAt = call.request.headers['x-process-at']
    if (typeof processAt === 'string' && processAt.toLowerCase() === 'servicebus') this.#readAtom(call, response)
    else this.#relay(call, response, options.expectsContinue)
  }

  /** Hybrid Connections protocol, "HTTP request protocol". */
  #relay(call: Call, response: ServerResponse, expectsContinue: boolean): void {
    const parts = this.#parts
    const { entity, namespace, target, request, remote, trackingId, host } = call
    const credential = requestCredential(request.headers, target)
    const decision = authorizeSender(authorizationQuestion(this.#parts, call, credential?.token))
    const counters = entity && parts.counters.entity(entity.namespace, entity.name)
    if (!decision.allowed) {
      if (counters) counters.senderConnectionsClientError += 1
      return this.#refuse(call, response, decision)
    }
    const { principal } = decision
    const refuse = (refusal: Pick<Refusal, 'code' | 'message' | 'wasAllowed'>): void =>
      this.#refuse(call, response, { ...refusal, principal })
    if (entity === undefined || counters === undefined) return refuse({ code: 'EndpointNotFound' })
    if (request.method === 'CONNECT') return refuse({ code: 'MethodNotAllowed' })
    if (!parts.load.enter(namespace.name)) return refuse({ code: 'QuotaExceeded' })
    parts.admit(request.socket)
    parts.audit.record(allowedRecord({ call, action: 'request', principal }))
    counters.httpRequests += 1
    counters.activeConnections += 1
    const beganMs = performance.now()
    const exchange = new HttpExchange(
      {
        request,
        response,
        entity,
        target,
        host,
        remote,
        trackingId,
        dropAuthorization: principal.kind === 'rule' && credential?.place === 'Authorization',
        expectsContinue,
        refuse: (code, message) => refuse({ code, wasAllowed: true, ...(message !== undefined && { message }) }),
        onDone: (outcome) => {
          parts.load.leave(namespace.name)
          counters.activeConnections -= 1
          counters.bytesTransferred += outcome.bytesFromSender + outcome.bytesFromListener
          if (outcome.end === 'complete') counters.senderConnectionsSuccess += 1
          else if (outcome.end === 'sender-gone') counters.senderConnectionsClientError += 1
          else counters.senderConnectionsServerError += 1
          this.#tellDone(call, { outcome, principal, durationMs: Math.round(performance.now() - beganMs) })
        },
      },
      {
        listeners: parts.listeners,
        offers: parts.offers,
        keepAlive: parts.keepAlive,
        responseTimeoutMs: entity.httpResponseTimeoutMs ?? parts.limits.httpResponseTimeoutMs,
      },
    )
    exchange.start()
  }

  #tellDone(
    call: Call,
    done: { readonly outcome: HttpOutcome; readonly principal: Principal; readonly durationMs: number },
  ): void {
    const { outcome, principal, durationMs } = done
    const { end, listener, bytesFromSender, bytesFromListener, status } = outcome
    const reason = outcome.reason === undefined ? {} : { reason: toLogText(outcome.reason) }
    this.#parts.log.debug('request.done', { trackingId: call.trackingId, ...outcome, ...reason, durationMs })
    // Nobody got it: the refusal says all that there is.
    if (listener === undefined) return
    const target = endpointOfMetadata(call.entity?.userMetadata)
    const closeReason = outcome.reason === undefined ? end : `${end}: ${outcome.reason}`
    const stream = {
      listener,
      ...(target && { target: formatEndpoint(target) }),
      bytesFromSender,
      bytesFromListener,
      durationMs,
      closeReason,
    }
    const isWhole = end === 'complete'
    this.#parts.audit.record(
      streamRecord(
        { call, action: 'request', principal },
        { isWhole, ...(status !== undefined && { status }), stream },
      ),
    )
  }

  /** What .NET's GetRuntimeInformation and the HCM ask; any right on the entity is enough (observed). */
  #readAtom(call: Call, response: ServerResponse): void {
    const { entity, namespace, request, target, host } = call
    const credential = requestCredential(request.headers, target)
    const decision = authorize({
      ...authorizationQuestion(this.#parts, call, credential?.token),
      rights: ['Listen', 'Send', 'Manage'],
    })
    if (!decision.allowed) return this.#refuseAtom(call, response, decision)
    const { principal } = decision
    if (entity === undefined) return this.#refuseAtom(call, response, { code: 'EndpointNotFound', principal })
    if (request.method !== 'GET') return this.#refuseAtom(call, response, { code: 'MethodNotAllowed', principal })
    this.#parts.admit(request.socket)
    this.#parts.audit.record(allowedRecord({ call, action: 'atom', principal }))
    const listenerCount = this.#parts.listeners.count(entityKey(entity.namespace, entity.name))
    const selfUrl = `https://${host}/${entity.name}`
    response.writeHead(200, { 'Content-Type': atomEntryContentType })
    response.end(hybridConnectionEntry(entity, { selfUrl, author: namespace.name, listenerCount }))
  }

  #refuseAtom(call: Call, response: ServerResponse, why: Pick<Refusal, 'code' | 'reason' | 'principal'>): void {
    const { trackingId, address, remote, scope } = call
    const { status, reason, text } = this.#parts.refusals.record({
      ...why,
      stage: 'atom',
      trackingId,
      address,
      remote,
      scope,
    })
    response.writeHead(status, reason, { 'Content-Type': 'application/xml; charset=utf-8' })
    response.end(atomError({ status, detail: text }))
  }

  #refuse(
    call: Call,
    response: ServerResponse,
    why: Omit<Refusal, 'stage' | 'trackingId' | 'address' | 'remote'>,
  ): void {
    const { trackingId, address, remote, scope } = call
    this.#parts.refusals.refuseRequest(response, { ...why, stage: 'request', trackingId, address, remote, scope })
  }
}
