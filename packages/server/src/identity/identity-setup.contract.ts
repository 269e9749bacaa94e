import type { TestContext } from 'node:test'
import { type Logger, silentLogger } from '@postern/program'
import { DocumentCopy } from '../storage/document-copy.ts'
import { MemoryStore } from '../storage/memory/memory-store.ts'
import { Health } from '../telemetry/health.ts'
import type { IdentityReply, SignInEvent } from './endpoints/identity-request.ts'
import { type Identity, type IdentityOptions, openIdentity } from './open-identity.ts'
import { PasswordHasher } from './password-hasher.ts'

/** An identity in memory for the tests of this folder, and requests to its endpoints. */
export interface TestIdentity {
  readonly identity: Identity
  readonly store: MemoryStore
  readonly documents: DocumentCopy
  readonly events: SignInEvent[]
  /** Where it believes to live. */
  readonly origin: string
  post(path: string, form: Record<string, string>, from?: RequestSource): Promise<TestReply>
  get(path: string, from?: RequestSource): Promise<TestReply>
}

export interface RequestSource {
  readonly address?: string
  readonly origin?: string
  readonly headers?: Record<string, string>
}

export interface TestReply extends IdentityReply {
  /** The body, when it is JSON. */
  readonly json: Record<string, unknown>
}

export const testOrigin = 'https://relay.test:8444'

export async function openTestIdentity(
  t: TestContext,
  options: Partial<IdentityOptions> & { readonly log?: Logger } = {},
): Promise<TestIdentity> {
  const store = new MemoryStore()
  const documents = await DocumentCopy.open(store)
  const events: SignInEvent[] = []
  const identity = await openIdentity({
    store,
    documents,
    log: silentLogger,
    issuerOrigin: () => testOrigin,
    publicHost: 'relay.test',
    managementHosts: ['manage.test'],
    ports: () => ({ data: 8443, management: 8444 }),
    isNamespaceHost: (host) => host === 'contoso.test',
    tokenLifetimeMs: 3_600_000,
    keyLifetimeMs: 30 * 86_400_000,
    health: new Health(),
    passwords: new PasswordHasher({ cost: 2 ** 8 }),
    onSignIn: (event) => events.push(event),
    ...options,
  })
  t.after(() => {
    identity.close()
    documents.close()
  })
  const call = async (request: { method: string; target: string; form?: URLSearchParams }, from: RequestSource) => {
    const [path = '', query = ''] = request.target.split('?')
    const { method, form } = request
    const { origin = testOrigin, address = '192.0.2.7', headers = {} } = from
    const whole = { method, path, query: new URLSearchParams(query), headers, ...(form && { form }), origin, address }
    const reply = await identity.endpoints.handle(whole)
    if (reply === undefined) throw new Error(`there is nothing at ${path}`)
    const isJson = reply.headers['Content-Type']?.startsWith('application/json')
    return { ...reply, json: isJson ? (JSON.parse(reply.body) as Record<string, unknown>) : {} }
  }
  return {
    identity,
    store,
    documents,
    events,
    origin: testOrigin,
    post: (target, form, from = {}) => call({ method: 'POST', target, form: new URLSearchParams(form) }, from),
    get: (target, from = {}) => call({ method: 'GET', target }, from),
  }
}

/** A service principal with a secret. */
export async function addProgram(
  { identity: { directory } }: TestIdentity,
  displayName = 'robot',
): Promise<{ readonly id: string; readonly clientId: string; readonly credentialId: string; readonly secret: string }> {
  const { id, clientId } = await directory.create({ kind: 'servicePrincipal', displayName })
  const { credentialId, secret } = await directory.addSecret(id, { displayName: 'first' })
  return { id, clientId, credentialId, secret: secret.reveal() }
}
