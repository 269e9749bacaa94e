import type { Logger } from '@postern/program'
import type { OidcIssuer } from '../domain/oidc-issuer.ts'
import type { DocumentCopy } from '../storage/document-copy.ts'
import type { ResourceStore } from '../storage/resource-store.ts'
import type { Health } from '../telemetry/health.ts'
import { AssertionReplays } from './assertion-replays.ts'
import { BuiltInAuthority } from './built-in-authority.ts'
import { ClientAssertions } from './client-assertion.ts'
import { DeviceCodes } from './device-codes.ts'
import { Directory } from './directory.ts'
import { IdentityEndpoints } from './endpoints/identity-endpoints.ts'
import type { SignInEvent } from './endpoints/identity-request.ts'
import { OwnHosts } from './endpoints/own-hosts.ts'
import { ExternalAuthority } from './external-authority.ts'
import { OidcKeys } from './oidc-keys.ts'
import { PasswordHasher } from './password-hasher.ts'
import { RefreshSessions } from './refresh-sessions.ts'
import { SignIn } from './sign-in.ts'
import { SignInThrottle } from './sign-in-throttle.ts'
import { SigningKeys } from './signing-keys.ts'
import { type PortsInUse, TokenAudiences } from './token-audiences.ts'
import { issuerOf, TokenIssuer } from './token-issuer.ts'
import { TokenVerifier } from './token-verifier.ts'

export interface IdentityOptions {
  readonly store: ResourceStore
  readonly documents: DocumentCopy
  readonly log: Logger
  /** `https://host[:port]` that tokens name as their issuer. Asked each time: the port may be known late. */
  readonly issuerOrigin: () => string
  readonly publicHost: string
  /** Lower case. */
  readonly managementHosts: readonly string[]
  /** The ports in use. */
  readonly ports: () => PortsInUse
  /** Whether a namespace answers at this host by name, the default one aside. */
  readonly isNamespaceHost: (host: string) => boolean
  readonly tokenLifetimeMs: number
  readonly keyLifetimeMs: number
  readonly oidcIssuers?: readonly OidcIssuer[]
  readonly health: Health
  /** Default: a new one. */
  readonly passwords?: PasswordHasher
  readonly onSignIn?: (event: SignInEvent) => void
}

/** The identity of a relay: who there is, who signs in, and what tokens say. */
export interface Identity {
  readonly directory: Directory
  readonly keys: SigningKeys
  readonly tokens: TokenVerifier
  readonly endpoints: IdentityEndpoints
  close(): void
}

/** Builds all of it. Store and documents stay the caller's to close. */
export async function openIdentity(options: IdentityOptions): Promise<Identity> {
  const { store, documents, log, issuerOrigin, publicHost, managementHosts, tokenLifetimeMs, keyLifetimeMs } = options
  const { passwords = new PasswordHasher() } = options
  const directory = new Directory({ store, documents, passwords })
  const keys = await SigningKeys.open({
    store,
    documents,
    keyLifetimeMs,
    tokenLifetimeMs,
    onError: (error) => log.error('identity.keys-failed', { error }),
  })
  const audiences = new TokenAudiences(options)
  const issuer = (): string => issuerOf(issuerOrigin())
  const throttle = new SignInThrottle()
  const sessions = new RefreshSessions({
    store,
    documents,
    directory,
    onError: (error) => log.error('identity.sweep-failed', { error }),
  })
  const endpoints = new IdentityEndpoints({
    signIn: new SignIn({ directory, passwords, throttle }),
    assertions: new ClientAssertions({ directory, throttle, replays: new AssertionReplays() }),
    directory,
    deviceCodes: new DeviceCodes(),
    codeThrottle: new SignInThrottle(),
    sessions,
    keys,
    issuer: new TokenIssuer({ keys, issuer, tokenLifetimeMs }),
    audiences,
    ownHosts: new OwnHosts({ hosts: [publicHost, ...managementHosts, new URL(issuerOrigin()).hostname] }),
    onSignIn: (event) => options.onSignIn?.({ ...event, name: loggableName(directory, event.name) }),
    log,
  })
  const builtIn = new BuiltInAuthority({ issuer, keys, directory, audiences })
  const external = openExternal(options, audiences)
  return {
    directory,
    keys,
    tokens: new TokenVerifier({ authorities: [builtIn, ...external.map(({ authority }) => authority)] }),
    endpoints,
    close: () => {
      for (const { keys: fetched } of external) fetched.close()
      sessions.close()
      keys.close()
      directory.close()
    },
  }
}

/** An issuer that cannot be reached shows in `/readyz`; the others go on. */
function openExternal(
  { oidcIssuers = [], health, log }: IdentityOptions,
  audiences: TokenAudiences,
): readonly { readonly authority: ExternalAuthority; readonly keys: OidcKeys }[] {
  return oidcIssuers.map((issuer) => {
    const part = `oidc ${issuer.name}`
    const keys = new OidcKeys({
      issuer: issuer.issuer,
      onAttempt: (problem) => {
        if (problem === undefined) return health.clear(part)
        health.report(part, `The keys of ${issuer.issuer} cannot be fetched: ${problem}`)
        log.warn('identity.issuer-unreachable', { issuer: issuer.issuer, problem })
      },
    })
    return { authority: new ExternalAuthority({ issuer, keys, audiences }), keys }
  })
}

/** People type passwords into the wrong field: what is no name of ours and cannot be a client id is not repeated. */
function loggableName(directory: Directory, name: string): string {
  const isKnown = directory.findByClientId(name) ?? directory.findBySignInName(name)
  return isKnown || /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(name) ? name : 'unknown'
}
