import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { readUpgradeRequest } from '@postern/websocket'
import { entityKey } from '../domain/hybrid-connection.ts'
import type { RemoteEndpoint } from '../domain/remote-endpoint.ts'
import { type Arrival, type Call, isUnreadable, readArrival, readCall } from './call.ts'
import { connect } from './connect.ts'
import type { FrontDoorHandler } from './front-door/front-door-handler.ts'
import { listen, type UpgradedSocket } from './listen.ts'
import { streamMessages } from './messages/stream-messages.ts'
import { subscribeSocket } from './messages/subscribe-socket.ts'
import type { Refusal } from './refusals.ts'
import type { RelayParts } from './relay-parts.ts'
import { acceptArrival, requestArrival } from './rendezvous-arrival.ts'
import type { RequestDoor } from './request-door.ts'
import { isRestlessClient } from './restless-client.ts'

/** The front door of the namespaces: reads each call and hands it to its action. */
export class DataDoor implements FrontDoorHandler {
  readonly #parts: RelayParts
  readonly #requests: RequestDoor
  readonly #originOf: (request: IncomingMessage) => string
  readonly #isPrivate: boolean
  #draining = false

  constructor(options: {
    readonly parts: RelayParts
    readonly requests: RequestDoor
    /** `wss://host[:port]` as this client reached the relay. */
    readonly originOf: (request: IncomingMessage) => string
    /** Only private networks reach it: it serves namespaces without public network access too. */
    readonly isPrivate: boolean
  }) {
    this.#parts = options.parts
    this.#requests = options.requests
    this.#originOf = options.originOf
    this.#isPrivate = options.isPrivate
  }

  /** From now on new calls are refused with 503 and Retry-After; rendezvous of running ones still arrive. */
  drain(): void {
    this.#draining = true
  }

  onUpgrade(request: IncomingMessage, socket: Duplex, head: Uint8Array, remote: RemoteEndpoint): void {
    const { refusals } = this.#parts
    const arrival = readArrival(request, { remote, isPrivate: this.#isPrivate })
    const refusal = { stage: 'upgrade', trackingId: arrival.trackingId, address: arrival.address, remote }
    if (isUnreadable(arrival)) {
      refusals.refuseUpgrade(socket, { ...refusal, code: arrival.code, message: arrival.message })
      return
    }
    const upgrade = readUpgradeRequest({ method: request.method ?? '', rawHeaders: request.rawHeaders })
    if ('problem' in upgrade) {
      refusals.refuseUpgrade(socket, { ...refusal, code: 'RequestMalformed', message: upgrade.problem })
      return
    }
    if (!arrival.target.isHybridConnection) {
      refusals.refuseUpgrade(socket, { ...refusal, code: 'EndpointNotFound', message: 'WebSockets live under /$hc/.' })
      return
    }
    this.#act(arrival, request, { socket, head, upgrade, origin: this.#originOf(request) })
  }

  onRequest(request: IncomingMessage, response: ServerResponse, remote: RemoteEndpoint): void {
    this.#request(request, response, remote, false)
  }

  onCheckContinue(request: IncomingMessage, response: ServerResponse, remote: RemoteEndpoint): void {
    this.#request(request, response, remote, true)
  }

  #act(arrival: Arrival, request: IncomingMessage, upgraded: UpgradedSocket): void {
    switch (arrival.target.action) {
      case 'accept':
        return acceptArrival(this.#parts, arrival, upgraded)
      case 'request':
        return requestArrival(this.#parts, arrival, upgraded)
      case 'listen':
      case 'connect':
      case 'send':
      case 'publish':
      case 'subscribe':
        return this.#open(arrival, request, upgraded)
      default:
        return this.#refuse(arrival, upgraded, { code: 'ActionUnknown' })
    }
  }

  #open(arrival: Arrival, request: IncomingMessage, upgraded: UpgradedSocket): void {
    const call = readCall(arrival, request, this.#parts.catalog)
    if (isUnreadable(call)) return this.#refuse(arrival, upgraded, call)
    if (this.#draining) {
      if (!this.#isHeld(call, upgraded)) this.#refuse(arrival, upgraded, { code: 'ServerBusy' })
      return
    }
    switch (call.target.action) {
      case 'listen':
        return listen(this.#parts, call, upgraded)
      case 'send':
      case 'publish':
        return streamMessages(this.#parts, { ...call, action: call.target.action }, upgraded)
      case 'subscribe':
        return subscribeSocket(this.#parts, call, upgraded)
      default:
        return connect(this.#parts, call, upgraded)
    }
  }

  #refuse(arrival: Arrival, { socket }: UpgradedSocket, why: Pick<Refusal, 'code' | 'message'>): void {
    const { trackingId, address, remote } = arrival
    this.#parts.refusals.refuseUpgrade(socket, { ...why, stage: 'upgrade', trackingId, address, remote })
  }

  /** A listener that would answer a refusal with more attempts stays unanswered until the relay has stopped. */
  #isHeld({ entity, target }: Call, { socket, upgrade }: UpgradedSocket): boolean {
    if (entity === undefined || target.action !== 'listen' || !isRestlessClient(upgrade)) return false
    return this.#parts.waitingListeners.add(entityKey(entity.namespace, entity.name), socket, () => {})
  }

  #request(request: IncomingMessage, response: ServerResponse, remote: RemoteEndpoint, expectsContinue: boolean): void {
    const { refusals } = this.#parts
    const arrival = readArrival(request, { remote, isPrivate: this.#isPrivate })
    const call = isUnreadable(arrival) ? arrival : readCall(arrival, request, this.#parts.catalog)
    const refusal = { stage: 'request', trackingId: call.trackingId, address: call.address, remote }
    if (isUnreadable(call)) {
      refusals.refuseRequest(response, { ...refusal, code: call.code, message: call.message })
    } else if (this.#draining) {
      refusals.refuseRequest(response, { ...refusal, code: 'ServerBusy' })
    } else if (call.target.isHybridConnection) {
      refusals.refuseRequest(response, { ...refusal, code: 'UpgradeRequired', headers: { Upgrade: 'websocket' } })
    } else {
      this.#requests.handle(call, response, { expectsContinue })
    }
  }
}
