import { parseResource, type TokenAudiences } from '../token-audiences.ts'
import type { OAuthErrorName } from './oauth-error.ts'

/** Scopes that ask for something about the person, not for a resource. OpenID Connect Core section 5.4 */
const personScopes: ReadonlySet<string> = new Set(['openid', 'profile', 'email', 'offline_access'])

/** What a token request asks for. */
export interface RequestedResource {
  /** `aud` of the token: the resource as the client spelt it. */
  readonly audience: string
  /** The scopes as they were asked for, to be repeated in the answer. */
  readonly scope: string
}

/**
 * Reads `resource` (v1) or `scope` (v2) of a token request. Without either the management plane is meant. The origin by
 * which the client has reached these endpoints always stands for the management plane, whatever port mapping lies between.
 */
export function requestedResource(
  form: URLSearchParams,
  context: { readonly audiences: TokenAudiences; readonly origin: string },
): RequestedResource | OAuthErrorName {
  const { audiences, origin } = context
  const scope = form.get('scope') ?? ''
  const scopes = scope.split(' ').filter((text) => text !== '' && !personScopes.has(text))
  const resource = form.get('resource') ?? undefined
  const wanted = new Set(resource === undefined ? scopes.map(resourceOfScope) : [resource])
  const [first, ...others] = wanted
  if (first === undefined) return { audience: audiences.management, scope }
  if (others.length > 0) return 'scopesMixed'
  if (audiences.kindOf(first) !== undefined) return { audience: first, scope }
  const isAskedOrigin = parseResource(first)?.origin === parseResource(origin)?.origin
  return isAskedOrigin ? { audience: audiences.management, scope } : 'resourceUnknown'
}

/** `https://relay.azure.net//.default` is about `https://relay.azure.net/`: the scope's own name follows the last slash. */
function resourceOfScope(scope: string): string {
  const slash = scope.lastIndexOf('/')
  return slash < 'https://'.length ? scope : scope.slice(0, slash)
}
