import { type ErrorCode, RelayError } from '@postern/protocol'
import type { z } from 'zod'
import type { Caller } from '../domain/caller.ts'
import type { RoleBook } from '../identity/roles/role-book.ts'
import { isApiVersion, listApiVersions } from './api-versions.ts'
import type { ArmCall, ArmHandler, ArmReply } from './arm-call.ts'
import { armErrorReply } from './arm-error.ts'
import { spellNames } from './json-names.ts'
import { fillScope } from './path-segment.ts'
import { type Route, scopeTemplate } from './route.ts'
import { RouteIndex, type RouteMatch } from './route-index.ts'

/** One HTTP request at the management door, before anything is known about it. */
export interface ArmRequest {
  readonly method: string
  /** Path and query as they came. */
  readonly url: string
  /** Lower-case names, as `node:http` gives them. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** `https://host[:port]` as the client wrote it. */
  readonly origin: string
  /** Source address in canonical form. */
  readonly address: string
  readonly port: number
  readonly requestId: string
  readonly signal: AbortSignal
  /** Reads the whole body. @throws {RelayError} RequestBodyTooLarge */
  readonly readBody: () => Promise<Uint8Array>
  /** Called when it is known who calls and that he may: whoever waits for changes is no stranger that holds a connection. */
  readonly onAuthorized: () => void
}

/** What became of a call, for the audit log. */
export interface ArmOutcome {
  readonly request: ArmRequest
  /** Absent when no route was found. */
  readonly route: Route | undefined
  readonly caller: Caller | undefined
  /** ARM id that the action was asked for at. */
  readonly scope: string
  readonly status: number
  /** By which role it was allowed, or why it was not. */
  readonly reason: string
  /** Why it failed; absent when it did not. */
  readonly code?: ErrorCode
}

export interface ArmRouterOptions {
  readonly routes: readonly Route[]
  readonly handlers: Readonly<Record<string, ArmHandler<never>>>
  /** Verifies a bearer token for the management plane. @throws {RelayError} with the code of the refusal */
  readonly authenticate: (token: string) => Promise<Caller>
  readonly roles: RoleBook
  /** Where a client that has no token can get one, for WWW-Authenticate. */
  readonly authorizationUri: (origin: string) => string
  /** Network rules of the namespace that a route is about. @throws {RelayError} AddressNotAllowed */
  readonly admitAddress: (match: RouteMatch, address: string) => void
  /** Awaited before a change is answered: what is acknowledged has been recorded. */
  readonly onCall: (outcome: ArmOutcome) => void | Promise<void>
  /** Called with errors that are none of ours. */
  readonly onUnexpected: (error: unknown, requestId: string) => void
}

/** Takes requests for ARM routes from token to answer. The order is fixed: token, route, version, address, role, body. */
export class ArmRouter {
  readonly #options: ArmRouterOptions
  readonly #index: RouteIndex

  /** @throws {TypeError} when a route has no handler or a handler no route */
  constructor(options: ArmRouterOptions) {
    this.#options = options
    this.#index = new RouteIndex(options.routes)
    const ids = new Set(options.routes.map(({ id }) => id))
    const unhandled = options.routes.filter(({ id }) => !Object.hasOwn(options.handlers, id)).map(({ id }) => id)
    const unrouted = Object.keys(options.handlers).filter((id) => !ids.has(id))
    if (unhandled.length > 0 || unrouted.length > 0 || ids.size !== options.routes.length) {
      throw new TypeError(`routes without handler: ${unhandled.join()}; handlers without route: ${unrouted.join()}`)
    }
  }

  /** Never throws: every failure is an answer. */
  async handle(request: ArmRequest): Promise<ArmReply> {
    const progress: Progress = { route: undefined, caller: undefined, scope: '', reason: '' }
    const reply = await this.#attempt(request, progress)
    await this.#options.onCall({ request, ...progress, status: reply.status })
    return reply
  }

  async #attempt(request: ArmRequest, progress: Progress): Promise<ArmReply> {
    try {
      return await this.#answer(request, progress)
    } catch (error) {
      if (!(error instanceof RelayError)) this.#options.onUnexpected(error, request.requestId)
      progress.code = error instanceof RelayError ? error.code : 'InternalError'
      progress.reason = error instanceof RelayError ? error.message : ''
      const isWeb = /\/providers\/microsoft\.web\//i.test(request.url)
      const reply = armErrorReply(error, { isWeb, requestId: request.requestId })
      return reply.status === 401 ? { ...reply, headers: this.#challenge(request, error) } : reply
    }
  }

  async #answer(request: ArmRequest, progress: Progress): Promise<ArmReply> {
    const { path, query } = splitUrl(request.url)
    const found = this.#index.find(request.method, path)
    const isOpen = isMatch(found) && 'anyone' in found.route.access && found.route.access.anyone === 'stranger'
    // Strangers learn nothing about what there is, not even which routes.
    if (!isOpen) progress.caller = await this.#authenticate(request)
    if (!isMatch(found)) throw refuseLookup(found, path)
    const { route, params } = found
    progress.route = route
    progress.scope = fillScope(scopeTemplate(route), params)
    const apiVersion = checkVersion(route, query)
    this.#options.admitAddress(found, request.address)
    progress.reason = this.#authorize(route, progress)
    if (progress.caller !== undefined) request.onAuthorized()
    const body = await readJson(route, request)
    const call = this.#call({ request, route, params, query, apiVersion, body, caller: progress.caller })
    const handler = this.#options.handlers[route.id] as ArmHandler | undefined
    if (handler === undefined) throw new RelayError('ResourceTypeUnknown')
    return paced(route, await handler(call))
  }

  async #authenticate({ headers }: ArmRequest): Promise<Caller> {
    const header = headers['authorization']
    const text = typeof header === 'string' ? header : header?.[0]
    if (text === undefined || text === '') throw new RelayError('AuthenticationMissing')
    const token = /^Bearer +(\S+)$/i.exec(text)?.[1]
    if (token === undefined) {
      throw new RelayError('AuthenticationInvalid', { message: 'The Authorization header must be "Bearer TOKEN"' })
    }
    return this.#options.authenticate(token)
  }

  /** @returns why it is allowed, for the audit log */
  #authorize(route: Route, { caller, scope }: Progress): string {
    if ('anyone' in route.access) return route.access.anyone
    const { action } = route.access
    const decision = caller ? this.#options.roles.decide(caller, { kind: 'action', action, scope }) : { allowed: false }
    if (!decision.allowed) throw accessDenied(caller, action, scope)
    return 'role' in decision ? `${decision.role} at ${decision.assignmentScope}` : ''
  }

  #call(from: {
    readonly request: ArmRequest
    readonly route: Route
    readonly params: Readonly<Record<string, string>>
    readonly query: URLSearchParams
    readonly apiVersion: string
    readonly body: unknown
    readonly caller: Caller | undefined
  }): ArmCall {
    const { request, caller, ...rest } = from
    const { headers, origin, url, requestId, address, signal } = request
    const may = (action: string, scope: string): boolean =>
      caller !== undefined && this.#options.roles.decide(caller, { kind: 'action', action, scope }).allowed
    return {
      ...rest,
      caller,
      may,
      demand: (action, scope) => {
        if (!may(action, scope)) throw accessDenied(caller, action, scope)
      },
      origin,
      url,
      requestId,
      address,
      ifMatch: single(headers['if-match']),
      ifNoneMatch: single(headers['if-none-match']),
      lastEventId: single(headers['last-event-id']),
      accept: single(headers['accept']) ?? '',
      signal,
    }
  }

  #challenge({ origin }: ArmRequest, error: unknown): Readonly<Record<string, string>> {
    const reason =
      error instanceof RelayError && error.code !== 'AuthenticationMissing' ? ', error="invalid_token"' : ''
    return { 'WWW-Authenticate': `Bearer authorization_uri="${this.#options.authorizationUri(origin)}"${reason}` }
  }
}

/** What is known of a call so far. */
interface Progress {
  route: Route | undefined
  caller: Caller | undefined
  scope: string
  reason: string
  code?: ErrorCode
}

function isMatch(found: ReturnType<RouteIndex['find']>): found is RouteMatch {
  return typeof found === 'object' && 'route' in found
}

function refuseLookup(found: Exclude<ReturnType<RouteIndex['find']>, RouteMatch>, path: string): RelayError {
  if (found !== 'unknown') {
    return new RelayError('MethodNotAllowed', { message: `Only ${found.allowed.join(', ')} can be used here` })
  }
  const printable = path.slice(0, 200).replace(/[^\x21-\x7e]/g, '?')
  return new RelayError('ResourceTypeUnknown', { message: `Nothing of this relay's has the path ${printable}` })
}

/** Everything long is done when it is answered, but Terraform's clients look again after ten seconds unless told when (observed). */
function paced(route: Route, reply: ArmReply): ArmReply {
  if (!route.isLongRunning || reply.body === undefined || reply.status >= 300) return reply
  return { ...reply, headers: { 'Retry-After': '1', ...reply.headers } }
}

/** @throws {RelayError} ApiVersionMissing, ApiVersionUnknown */
function checkVersion(route: Route, query: URLSearchParams): string {
  if (route.versions === 'none') return ''
  const version = [...query].find(([name]) => name.toLowerCase() === 'api-version')?.[1]
  if (version === undefined || version === '') throw new RelayError('ApiVersionMissing')
  if (isApiVersion(route.versions, version)) return version
  const named = version.slice(0, 40).replace(/[^\x21-\x7e]/g, '?')
  throw new RelayError('ApiVersionUnknown', {
    message: `The api-version '${named}' is invalid. The supported versions are '${listApiVersions(route.versions)}'`,
  })
}

/** @throws {RelayError} RequestContentInvalid, RequestBodyTooLarge */
async function readJson(route: Route, request: ArmRequest): Promise<unknown> {
  if (route.body === undefined) return undefined
  const bytes = await request.readBody()
  if (bytes.length === 0 && route.bodyIsOptional) return undefined
  const parsed = route.body.safeParse(spellNames(route.body, parseJson(bytes)))
  if (parsed.success) return parsed.data
  throw new RelayError('RequestContentInvalid', { message: describeIssues(parsed.error) })
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new RelayError('RequestContentInvalid', {
      message: bytes.length === 0 ? 'The request needs a JSON body' : 'The request body is not valid JSON',
    })
  }
}

/** Problems that one message names; a body can be made to have thousands. */
const maxIssues = 5

function describeIssues({ issues }: z.ZodError): string {
  const texts = issues.slice(0, maxIssues).map(({ path, message }) => {
    const place = path.map(String).join('.').slice(0, 100)
    return place === '' ? message : `${place}: ${message}`
  })
  return `The request content was invalid: ${texts.join('; ')}`
}

function accessDenied(caller: Caller | undefined, action: string, scope: string): RelayError {
  const who = caller ? `The client '${caller.name}' with object id '${caller.id}'` : 'The caller'
  return new RelayError('AccessDenied', {
    message: `${who} does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid`,
  })
}

function splitUrl(url: string): { readonly path: string; readonly query: URLSearchParams } {
  const at = url.indexOf('?')
  return at < 0
    ? { path: url, query: new URLSearchParams() }
    : { path: url.slice(0, at), query: new URLSearchParams(url.slice(at + 1)) }
}

function single(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0]
}
