import type { ServerResponse } from 'node:http'
import type { ErrorCode } from '@postern/protocol'
import { authorize, authorizeSender } from '../auth/authorize.ts'
import { requestCredential } from '../auth/credential.ts'
import { entityKey } from '../domain/hybrid-connection.ts'
import { HttpExchange } from '../http-relay/http-exchange.ts'
import { atomEntryContentType, atomError, hybridConnectionEntry } from '../management/atom-entry.ts'
import { authorizationQuestion } from './authorization-question.ts'
import type { Call } from './call.ts'
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
    const refuse = (code: ErrorCode, message?: string): void => this.#refuse(call, response, code, message)
    const credential = requestCredential(request.headers, target)
    const decision = authorizeSender(authorizationQuestion(this.#parts, call, credential?.token))
    const counters = entity && parts.counters.entity(entity.namespace, entity.name)
    if (!decision.allowed) {
      if (counters) counters.senderConnectionsClientError += 1
      return this.#refuse(call, response, decision.code, undefined, decision.reason)
    }
    if (entity === undefined || counters === undefined) return refuse('EndpointNotFound')
    if (request.method === 'CONNECT') return refuse('MethodNotAllowed')
    if (!parts.load.enter(namespace.name)) return refuse('QuotaExceeded')
    parts.admit(request.socket)
    counters.httpRequests += 1
    counters.activeConnections += 1
    const began = Date.now()
    const exchange = new HttpExchange(
      {
        request,
        response,
        entity,
        target,
        host,
        remote,
        trackingId,
        dropAuthorization: decision.principal.kind === 'rule' && credential?.place === 'Authorization',
        expectsContinue,
        refuse,
        onDone: (outcome) => {
          parts.load.leave(namespace.name)
          counters.activeConnections -= 1
          counters.bytesTransferred += outcome.bytes
          if (outcome.end === 'complete') counters.senderConnectionsSuccess += 1
          else if (outcome.end === 'sender-gone') counters.senderConnectionsClientError += 1
          else counters.senderConnectionsServerError += 1
          parts.log.debug('request.done', { trackingId, ...outcome, durationMs: Date.now() - began })
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

  /** What .NET's GetRuntimeInformation and the HCM ask; any right on the entity is enough (observed). */
  #readAtom(call: Call, response: ServerResponse): void {
    const { entity, namespace, request, target, host } = call
    const credential = requestCredential(request.headers, target)
    const decision = authorize({
      ...authorizationQuestion(this.#parts, call, credential?.token),
      rights: ['Listen', 'Send', 'Manage'],
    })
    if (!decision.allowed) return this.#refuseAtom(call, response, decision.code)
    if (entity === undefined) return this.#refuseAtom(call, response, 'EndpointNotFound')
    if (request.method !== 'GET') return this.#refuseAtom(call, response, 'MethodNotAllowed')
    this.#parts.admit(request.socket)
    const listenerCount = this.#parts.listeners.count(entityKey(entity.namespace, entity.name))
    const selfUrl = `https://${host}/${entity.name}`
    response.writeHead(200, { 'Content-Type': atomEntryContentType })
    response.end(hybridConnectionEntry(entity, { selfUrl, author: namespace.name, listenerCount }))
  }

  #refuseAtom(call: Call, response: ServerResponse, code: ErrorCode): void {
    const { trackingId, address, remote } = call
    const { status, reason, text } = this.#parts.refusals.record({ code, stage: 'atom', trackingId, address, remote })
    response.writeHead(status, reason, { 'Content-Type': 'application/xml; charset=utf-8' })
    response.end(atomError({ status, detail: text }))
  }

  #refuse(call: Call, response: ServerResponse, code: ErrorCode, message?: string, reason?: string): void {
    const { trackingId, address, remote } = call
    this.#parts.refusals.refuseRequest(response, {
      code,
      stage: 'request',
      trackingId,
      address,
      remote,
      ...(message !== undefined && { message }),
      ...(reason !== undefined && { reason }),
    })
  }
}
