import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ErrorCode, errorTable, formatErrorJson } from '@postern/protocol'
import type { RemoteEndpoint } from '../../domain/remote-endpoint.ts'
import type { IdentityEndpoints } from '../../identity/endpoints/identity-endpoints.ts'
import { type IdentityRequest, maxFormBytes } from '../../identity/endpoints/identity-request.ts'
import { readForm } from './read-form.ts'

export interface IdentityDoorOptions {
  readonly endpoints: IdentityEndpoints
  /** `https://host[:port]` as the client wrote it. */
  readonly originOf: (request: IncomingMessage) => string
  /** How long a form may take to arrive. */
  readonly bodyTimeoutMs: number
}

/** A request of the management door with what the door knows about it. */
export interface DoorRequest {
  readonly request: IncomingMessage
  readonly remote: RemoteEndpoint
  /** The client waits for `100 Continue` before it sends the body. */
  readonly expectsContinue: boolean
}

/** Serves the endpoints of the built-in identity: reads what they need, writes what they answer. */
export class IdentityDoor {
  readonly #options: IdentityDoorOptions

  constructor(options: IdentityDoorOptions) {
    this.#options = options
  }

  /** @returns false when the path is none of the identity's: nothing has been touched then */
  serve(door: DoorRequest, response: ServerResponse): boolean {
    const { path } = splitTarget(door.request.url ?? '')
    const route = this.#options.endpoints.route(path)
    if (route === undefined) return false
    void this.#answer(door, response, door.request.method === 'POST' && route.takesForm)
    return true
  }

  async #answer(door: DoorRequest, response: ServerResponse, takesForm: boolean): Promise<void> {
    const { request, remote, expectsContinue } = door
    const { endpoints, originOf, bodyTimeoutMs } = this.#options
    if (takesForm && expectsContinue) response.writeContinue()
    const form = takesForm ? await readForm(request, { maxBytes: maxFormBytes, timeoutMs: bodyTimeoutMs }) : undefined
    if (typeof form === 'string') return refuse(response, form)
    const { path, query } = splitTarget(request.url ?? '')
    const identityRequest: IdentityRequest = {
      method: request.method ?? '',
      path,
      query,
      headers: request.headers,
      ...(form && { form }),
      origin: originOf(request),
      address: remote.address,
    }
    const reply = await endpoints.handle(identityRequest)
    if (reply === undefined) return refuse(response, 'EndpointNotFound')
    response.writeHead(reply.status, { ...reply.headers, 'X-Content-Type-Options': 'nosniff' })
    response.end(reply.body)
  }
}

/** What is left of the body is not waited for. */
function refuse(response: ServerResponse, code: ErrorCode): void {
  if (response.destroyed) return
  const { httpStatus, armCode, message } = errorTable[code]
  response.writeHead(httpStatus, { 'Content-Type': 'application/json; charset=utf-8', Connection: 'close' })
  response.end(formatErrorJson(armCode, `${message}.`))
}

/** Also of the absolute form that clients send to a proxy. */
function splitTarget(url: string): { readonly path: string; readonly query: URLSearchParams } {
  const [target = '', ...query] = url.split('?')
  const path = target.replace(/^https?:\/\/[^/]*/i, '')
  return { path: path === '' ? '/' : path, query: new URLSearchParams(query.join('?')) }
}
