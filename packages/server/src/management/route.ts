import type { z } from 'zod'
import type { ApiVersionGroup } from './api-versions.ts'

export type RouteMethod = 'GET' | 'HEAD' | 'PUT' | 'PATCH' | 'POST' | 'DELETE'

/**
 * Who may call a route. There is no default: a route that says nothing does not compile.
 * `action`: whoever a role gives this action at `scope`. `signedIn`: everybody with a valid token; the handler shows each
 * caller only what is his to see. `stranger`: no token is looked at.
 */
export type RouteAccess =
  | {
      readonly action: string
      /** Template like the path's. Default: the path up to its last parameter. */
      readonly scope?: string
    }
  | { readonly anyone: 'signedIn' | 'stranger' }

/** One row of the route table. */
export interface Route {
  /** `HybridConnections_CreateOrUpdate`: unique, the name of the handler, the OpenAPI operation and the client's call. */
  readonly id: string
  readonly method: RouteMethod
  /** Template: `/subscriptions/{subscriptionId}/...`. Compared in any case, parameters decoded after splitting. */
  readonly path: string
  readonly versions: ApiVersionGroup
  readonly access: RouteAccess
  /** One sentence for documentation. */
  readonly summary: string
  /** Query parameters besides `api-version`, name to meaning. */
  readonly query?: Readonly<Record<string, string>>
  /** JSON body. Member names are taken in any case; members that it does not know are ignored, as Azure does. */
  readonly body?: z.ZodType
  /** True: the body may be left out. */
  readonly bodyIsOptional?: boolean
  /** Shape of a successful answer; absent when there is none. */
  readonly reply?: z.ZodType
  /** Statuses of success. */
  readonly statuses: readonly number[]
  /** The answer is `{ value, nextLink }`. */
  readonly isPaged?: boolean
  /** PUT and DELETE that clients poll until they are done. */
  readonly isLongRunning?: boolean
  /** Azure has no such call at this address; said of routes whose versions are Azure's. */
  readonly isExtension?: boolean
  /** Answers with server-sent events when asked for `text/event-stream`. */
  readonly isStream?: boolean
}

/** The template of the ARM id at which a route's action is asked for. */
export function scopeTemplate(route: Route): string {
  const { access, path } = route
  if ('action' in access && access.scope !== undefined) return access.scope
  return /^.*\}/.exec(path)?.[0] ?? '/'
}
