import type { Logger, Secret } from '@postern/program'
import { type ErrorCode, RelayError } from '@postern/protocol'
import type { AuditTrail } from './audit/audit-trail.ts'
import type { Caller } from './domain/caller.ts'
import type { OidcIssuer } from './domain/oidc-issuer.ts'
import { type AdministratorAccess, ensureAdministrator } from './identity/administrator.ts'
import { administratorFile, writeAdministratorFile } from './identity/administrator-file.ts'
import type { SignInEvent } from './identity/endpoints/identity-request.ts'
import { type Identity, openIdentity } from './identity/open-identity.ts'
import type { PortsInUse } from './identity/token-audiences.ts'
import { isTokenRefusal } from './identity/token-authority.ts'
import type { TokenVerifier } from './identity/token-verifier.ts'
import type { ResourceCatalog } from './storage/resource-catalog.ts'
import type { ResourceStore } from './storage/resource-store.ts'
import type { Health } from './telemetry/health.ts'

/** The part of the relay's settings that identity depends on. */
export interface IdentitySettings {
  readonly publicHost: string
  readonly managementHosts: readonly string[]
  readonly baseDomain: string
  readonly sharesPort: boolean
  /** Absent when a load balancer ends TLS. */
  readonly tls?: object
  readonly inMemory: boolean
  readonly dataDir: string
  readonly identity: {
    /** Origin; absent: from the public host and the port in use. */
    readonly issuer?: string
    readonly tokenLifetimeMs: number
    readonly keyLifetimeMs: number
    readonly administratorSecret?: Secret
    readonly oidcIssuers: readonly OidcIssuer[]
  }
}

export interface StartIdentityOptions {
  readonly settings: IdentitySettings
  readonly log: Logger
  readonly store: ResourceStore
  readonly catalog: ResourceCatalog
  readonly audit: AuditTrail
  readonly health: Health
  /** Port 0 becomes the one in use when the doors are open. */
  readonly ports: PortsInUse
}

/** Opens the identity of a relay, and makes its administrator on the first start. */
export async function startIdentity(
  options: StartIdentityOptions,
): Promise<{ readonly identity: Identity; readonly administrator: AdministratorAccess | undefined }> {
  const { settings, log, store, catalog, audit, health, ports } = options
  const { issuer, administratorSecret, ...lifetimes } = settings.identity
  const { documents } = catalog
  const identity = await openIdentity({
    store,
    documents,
    log,
    health,
    publicHost: settings.publicHost,
    managementHosts: settings.managementHosts,
    issuerOrigin: () => issuer ?? defaultIssuer(settings, ports.management),
    ports: () => ports,
    isNamespaceHost: (host) => isNamespaceHost(host, catalog, settings.baseDomain),
    onSignIn: (event) => audit.record(signInRecord(event)),
    ...lifetimes,
  })
  try {
    const keep = (access: AdministratorAccess): Promise<void> => keepAdministrator(access, settings, log)
    const secret = administratorSecret && { secret: administratorSecret }
    return { identity, administrator: await ensureAdministrator({ ...identity, store, documents, ...secret, keep }) }
  } catch (error) {
    identity.close()
    throw error
  }
}

/**
 * Who holds a token for the management plane.
 * @throws {RelayError} AuthenticationExpired, IssuerUnavailable, else AuthenticationInvalid
 */
export async function authenticateManagement(tokens: TokenVerifier, token: string): Promise<Caller> {
  const result = await tokens.verify(token, 'management')
  if (!isTokenRefusal(result)) return result
  const codes: Partial<Record<ErrorCode, ErrorCode>> = {
    TokenExpired: 'AuthenticationExpired',
    IssuerUnavailable: 'IssuerUnavailable',
  }
  throw new RelayError(codes[result.code] ?? 'AuthenticationInvalid', { cause: result })
}

function defaultIssuer({ publicHost, managementHosts, sharesPort, tls }: IdentitySettings, port: number): string {
  const [host = publicHost] = sharesPort ? managementHosts : []
  return new URL(`${tls ? 'https' : 'http'}://${host}:${port}`).origin
}

/** The default namespace answers for every host; only its own names are meant here. */
function isNamespaceHost(host: string, catalog: ResourceCatalog, baseDomain: string): boolean {
  const namespace = catalog.namespaceByHost(host)
  if (namespace === undefined) return false
  return [...namespace.hosts, `${namespace.name}.${baseDomain}`].some((name) => name.toLowerCase() === host)
}

/** In memory there is no folder: whoever started the relay is given it. */
async function keepAdministrator(access: AdministratorAccess, settings: IdentitySettings, log: Logger): Promise<void> {
  if (settings.inMemory) return
  await writeAdministratorFile(settings.dataDir, access)
  log.info('identity.administrator-made', { clientId: access.clientId, file: administratorFile(settings.dataDir) })
}

function signInRecord({
  grant,
  principalId,
  name,
  address,
  result,
  reason,
}: SignInEvent): Parameters<AuditTrail['record']>[0] {
  return {
    kind: 'signIn',
    at: new Date(),
    trackingId: '',
    principal: principalId === undefined ? name : `${name} (${principalId})`,
    action: 'token',
    scope: '/',
    result,
    reason: `${grant}: ${reason}`,
    source: address,
  }
}
