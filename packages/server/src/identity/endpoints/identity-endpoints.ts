import { deviceCodeEndpoint } from './device-code-grant.ts'
import { devicePageEndpoint } from './device-page.ts'
import { instanceDiscovery, keySet, openIdConfiguration } from './discovery.ts'
import type { IdentityParts } from './identity-parts.ts'
import { type IdentityReply, type IdentityRequest, jsonReply } from './identity-request.ts'
import { oauthError } from './oauth-error.ts'
import { tokenEndpoint } from './token-endpoint.ts'

/** One path of the built-in identity. */
export interface IdentityRoute {
  readonly methods: readonly ('GET' | 'POST')[]
  /** The POST carries a form of at most `maxFormBytes`. */
  readonly takesForm: boolean
}

interface HandledRoute extends IdentityRoute {
  readonly path: RegExp
  readonly handle: (parts: IdentityParts, request: IdentityRequest) => Promise<IdentityReply>
}

/** Any tenant is taken: a GUID, a domain, `common`, `organizations`, `adfs`. */
const tenant = '/[\\w.-]{1,128}'

/** What is served, by path; compared without regard to case. */
const routes: readonly HandledRoute[] = [
  // Terraform puts the tenant behind the whole authority, of which az is told that it is `/adfs`.
  route('POST', `(?:/adfs)?${tenant}/oauth2(?:/v2\\.0)?/token`, tokenEndpoint),
  route('POST', `${tenant}/oauth2(?:/v2\\.0)?/devicecode`, deviceCodeEndpoint),
  { ...route('POST', '/device', devicePageEndpoint), methods: ['GET', 'POST'] },
  route('GET', `${tenant}(?:/v2\\.0)?/\\.well-known/openid-configuration`, openIdConfiguration),
  route('GET', `${tenant}/discovery(?:/v2\\.0)?/keys`, keySet),
  route('GET', `${tenant}/discovery/instance`, instanceDiscovery),
]

/** Longest path that is looked at. */
const maxPathLength = 512

/** The endpoints of the built-in identity, told apart by path; knows no socket. */
export class IdentityEndpoints {
  readonly #parts: IdentityParts

  constructor(parts: IdentityParts) {
    this.#parts = parts
  }

  /** What a path takes; undefined when it is none of ours. Whoever holds the socket asks this before it reads a body. */
  route(path: string): IdentityRoute | undefined {
    return find(path)
  }

  /** Answers; undefined when the path is none of ours. Never rejects. */
  handle(request: IdentityRequest): Promise<IdentityReply> | undefined {
    const found = find(request.path)
    return found && this.#answer(found, request)
  }

  async #answer({ methods, handle }: HandledRoute, request: IdentityRequest): Promise<IdentityReply> {
    const method = request.method === 'HEAD' ? 'GET' : request.method
    if (!methods.some((known) => known === method)) {
      const allow = methods.includes('GET') ? ['HEAD', ...methods] : methods
      return jsonReply(
        405,
        { error: 'invalid_request', error_description: 'The method is not allowed here.' },
        {
          Allow: allow.join(', '),
        },
      )
    }
    try {
      return await handle(this.#parts, request)
    } catch (error) {
      this.#parts.log.error('identity.request-failed', { path: request.path, error })
      return oauthError('failed')
    }
  }
}

function route(method: 'GET' | 'POST', path: string, handle: HandledRoute['handle']): HandledRoute {
  return { methods: [method], takesForm: method === 'POST', path: new RegExp(`^${path}/?$`, 'i'), handle }
}

function find(path: string): HandledRoute | undefined {
  return path.length > maxPathLength ? undefined : routes.find((known) => known.path.test(path))
}
