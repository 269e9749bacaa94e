import { checkEndpoint, connectionFailure } from '../caller.ts'
import { type Deadline, withDeadline } from '../deadline.ts'
import { ManagementError } from '../management-error.ts'
import { readFailure, readJson } from '../read-reply.ts'

/** Where tokens come from. */
export interface AuthorityOptions extends Deadline {
  /** `https://host[:port]` of the management door; its built-in identity is asked unless `authority` says otherwise. */
  readonly endpoint: string
  /** Another OpenID Connect issuer that the relay trusts. */
  readonly authority?: string
  /** What the token is for. Default: the management plane of whichever relay is asked. */
  readonly scope?: string
  readonly fetch?: typeof globalThis.fetch
}

/** Every relay takes this name of Azure's for its own management plane, whatever its hosts are called. */
const managementScope = 'https://management.azure.com/.default'

type Form = Readonly<Record<string, string>>
type Json = Readonly<Record<string, unknown>>

/** OAuth endpoints of an issuer, found by its metadata. */
export class Authority {
  readonly scope: string
  readonly #options: AuthorityOptions
  readonly #issuer: URL

  /** @throws {ManagementError} InsecureEndpoint */
  constructor(options: AuthorityOptions) {
    this.#options = options
    this.#issuer = checkEndpoint(options.authority ?? `${checkEndpoint(options.endpoint).origin}/common/v2.0`)
    this.scope = options.scope ?? managementScope
  }

  /** The address of an endpoint. @throws {ManagementError} ReplyInvalid when there is none */
  async find(name: 'token_endpoint' | 'device_authorization_endpoint'): Promise<string> {
    const url = `${this.#issuer.href.replace(/\/+$/, '')}/.well-known/openid-configuration`
    const metadata = await this.#send(url, {})
    const address = metadata[name]
    if (typeof address === 'string') return checkEndpoint(address).href
    throw new ManagementError('ReplyInvalid', { message: `${this.#issuer.host} has no ${name}` })
  }

  /** Posts a form and reads JSON. @throws {ManagementError} with OAuth's code, such as `invalid_client` */
  post(address: string, form: Form): Promise<Json> {
    return this.#send(address, { method: 'POST', body: new URLSearchParams(form) })
  }

  #send(address: string, init: RequestInit): Promise<Json> {
    const send = this.#options.fetch ?? globalThis.fetch.bind(globalThis)
    return withDeadline(this.#options, async (signal) => {
      const request = { ...init, headers: { Accept: 'application/json' }, redirect: 'error', signal } as const
      const response = await send(address, request).catch((cause: unknown) => {
        throw connectionFailure(cause, signal, new URL(address))
      })
      if (!response.ok) throw await readFailure(response)
      return ((await readJson(response)) ?? {}) as Json
    })
  }
}
