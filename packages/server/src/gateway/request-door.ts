import type { ServerResponse } from 'node:http'
import { endpointOfMetadata, formatEndpoint } from '@postern/protocol'
import { type Credential, requestCredential } from '../auth/credential.ts'
import type { Decision, Principal } from '../auth/decision.ts'
import { allowsAction } from '../domain/hybrid-connection.ts'
import type { HttpOutcome } from '../http-relay/http-call.ts'
import { HttpExchange } from '../http-relay/http-exchange.ts'
import { toLogText } from '../telemetry/log-text.ts'
import type { AtomDoor } from './atom/atom-door.ts'
import { allowedRecord, streamRecord } from './audit-records.ts'
import { authorizationQuestion } from './authorization-question.ts'
import type { Call } from './call.ts'
import { isMessageAction } from './messages/message-admission.ts'
import { MessageDoor } from './messages/message-door.ts'
import { mayTry } from './network-admission.ts'
import type { Refusal } from './refusals.ts'
import type { RelayParts } from './relay-parts.ts'
import { dropBody, mayHaveSoapToken, type SoapToken, takeSoapToken } from './soap-token.ts'
import { whenDecided } from './when-decided.ts'

/** A request whose credential was looked at. */
interface DecidedRequest {
  readonly decision: Decision
  readonly place: Credential['place'] | undefined
  readonly expectsContinue: boolean
  /** Its body was looked at for a token. */
  readonly tookBody?: boolean
}

/** HTTP requests at the data door: relayed to a listener, messages, or calls of the ATOM API. */
export class RequestDoor {
  readonly #parts: RelayParts
  readonly #atom: AtomDoor
  readonly #messages: MessageDoor

  constructor({ parts, atom }: { readonly parts: RelayParts; readonly atom: AtomDoor }) {
    this.#parts = parts
    this.#atom = atom
    this.#messages = new MessageDoor(parts)
  }

  handle(call: Call, response: ServerResponse, options: { readonly expectsContinue: boolean }): void {
    // The header, not `api-version`, tells a call of the ATOM API from a relayed request (observed).
    const processAt = call.request.headers['x-process-at']
    if (typeof processAt === 'string' && processAt.toLowerCase() === 'servicebus')
      this.#atom.handle(call, response, options)
    else if (isMessageAction(call.target.action))
      this.#messages.handle({ ...call, action: call.target.action }, response, options)
    else this.#relay(call, response, options.expectsContinue)
  }

  /** Hybrid Connections protocol, "HTTP request protocol". */
  #relay(call: Call, response: ServerResponse, expectsContinue: boolean): void {
    const parts = this.#parts
    if (!mayTry(parts, call, 'send')) return this.#refuse(call, response, { code: 'AddressNotAllowed' })
    const credential = requestCredential(call.request.headers, call.target)
    if (credential === undefined && parts.soapTokens && mayHaveSoapToken(call)) {
      if (expectsContinue) response.writeContinue()
      const goOn = (found: SoapToken): void => this.#onSoapToken(call, response, found)
      return takeSoapToken(call.request, { timeoutMs: parts.limits.handshakeTimeoutMs, goOn })
    }
    const decision = parts.authorizer.authorizeSender(authorizationQuestion(parts, call, credential?.token))
    const goOn = (decided: Decision): void => {
      this.#onDecision(call, response, { decision: decided, place: credential?.place, expectsContinue })
    }
    whenDecided(parts, call.request.socket, { decision, goOn })
  }

  #onSoapToken(call: Call, response: ServerResponse, found: SoapToken): void {
    const parts = this.#parts
    const { request } = call
    if (found.kind === 'late' || found.kind === 'unreadable') {
      dropBody({ request, response })
      const message =
        found.kind === 'late' ? undefined : `MalformedToken: The SOAP envelope cannot be read: ${found.reason}`
      const code = found.kind === 'late' ? 'RequestTimeout' : 'TokenMalformed'
      return this.#refuse(call, response, { code, ...(message !== undefined && { message }) })
    }
    const token = found.kind === 'token' ? found.token : undefined
    const decision = parts.authorizer.authorizeSender(authorizationQuestion(parts, call, token))
    const goOn = (decided: Decision): void => {
      const expectsContinue = false
      this.#onDecision(call, response, { decision: decided, place: undefined, expectsContinue, tookBody: true })
    }
    whenDecided(parts, request.socket, { decision, goOn })
  }

  #onDecision(call: Call, response: ServerResponse, decided: DecidedRequest): void {
    const parts = this.#parts
    const { entity, namespace, target, request, remote, trackingId, host } = call
    const { decision, place, expectsContinue, tookBody = false } = decided
    const counters = entity && parts.counters.entity(entity.namespace, entity.name)
    if (!decision.allowed) {
      if (tookBody) dropBody({ request, response })
      if (counters) counters.senderConnectionsClientError += 1
      return this.#refuse(call, response, decision)
    }
    const { principal } = decision
    const refuse = (refusal: Pick<Refusal, 'code' | 'message' | 'wasAllowed'>): void => {
      if (tookBody) dropBody({ request, response })
      this.#refuse(call, response, { ...refusal, principal })
    }
    if (entity === undefined || counters === undefined) return refuse({ code: 'EndpointNotFound' })
    if (!allowsAction(entity, 'request')) {
      counters.senderConnectionsClientError += 1
      return refuse({ code: 'ActionDisabled' })
    }
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
        dropAuthorization: principal.kind !== 'anonymous' && place === 'Authorization',
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

  #refuse(
    call: Call,
    response: ServerResponse,
    why: Omit<Refusal, 'stage' | 'trackingId' | 'address' | 'remote'>,
  ): void {
    const { trackingId, address, remote, scope } = call
    this.#parts.refusals.refuseRequest(response, { ...why, stage: 'request', trackingId, address, remote, scope })
  }
}
