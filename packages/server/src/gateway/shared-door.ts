import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { RemoteEndpoint } from '../domain/remote-endpoint.ts'
import type { FrontDoorHandler } from './front-door/front-door-handler.ts'
import { hostName } from './host-header.ts'

/** Both doors on one port: calls for the management host names go to the management door, all others to the data door. */
export class SharedDoor implements FrontDoorHandler {
  readonly #data: FrontDoorHandler
  readonly #management: FrontDoorHandler
  readonly #managementHosts: ReadonlySet<string>

  constructor(options: {
    readonly data: FrontDoorHandler
    readonly management: FrontDoorHandler
    /** Lower case, without port. */
    readonly managementHosts: readonly string[]
  }) {
    this.#data = options.data
    this.#management = options.management
    this.#managementHosts = new Set(options.managementHosts)
  }

  onRequest(request: IncomingMessage, response: ServerResponse, remote: RemoteEndpoint): void {
    this.#doorOf(request).onRequest(request, response, remote)
  }

  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, remote: RemoteEndpoint): void {
    this.#doorOf(request).onUpgrade(request, socket, head, remote)
  }

  onCheckContinue(request: IncomingMessage, response: ServerResponse, remote: RemoteEndpoint): void {
    this.#doorOf(request).onCheckContinue(request, response, remote)
  }

  #doorOf(request: IncomingMessage): FrontDoorHandler {
    return this.#managementHosts.has(hostName(request.headers.host ?? '')) ? this.#management : this.#data
  }
}
