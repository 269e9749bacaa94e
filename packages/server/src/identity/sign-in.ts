import type { Secret } from '@postern/program'
import { isRelayError } from '@postern/protocol'
import type { DirectoryPrincipal, PasswordCredential } from '../domain/directory-principal.ts'
import { type Directory, maxCredentials } from './directory.ts'
import type { PasswordHasher } from './password-hasher.ts'
import { secretMatches } from './secret-hash.ts'
import type { SignInThrottle } from './sign-in-throttle.ts'

/**
 * `credentials`: unknown or wrong, which strangers cannot tell apart. `expired` and `disabled` are said only to whoever
 * knows the secret.
 */
export type SignInProblem = 'credentials' | 'expired' | 'disabled' | 'throttled' | 'busy'

export type SignInResult =
  | { readonly principal: DirectoryPrincipal; readonly credentialId: string }
  | { readonly problem: SignInProblem; readonly retryAfterMs?: number }

/** Who signs in, as it was typed or sent. */
export interface SignInClaim {
  /** Client id, or sign-in name for `byPassword`. */
  readonly name: string
  readonly secret: Secret
  /** Source address in canonical form. */
  readonly address: string
}

/** Checks secrets and passwords: throttled, in constant time, with the same work for names that nobody has. */
export class SignIn {
  readonly #directory: Directory
  readonly #passwords: PasswordHasher
  readonly #throttle: SignInThrottle
  readonly #now: () => number

  constructor(options: {
    readonly directory: Directory
    readonly passwords: PasswordHasher
    readonly throttle: SignInThrottle
    readonly now?: () => number
  }) {
    this.#directory = options.directory
    this.#passwords = options.passwords
    this.#throttle = options.throttle
    this.#now = options.now ?? Date.now
  }

  /** A program signs in with client id and client secret. Passwords of people are not looked at. */
  bySecret(claim: SignInClaim): SignInResult {
    const waitMs = this.#throttle.admit(claim)
    if (waitMs > 0) return { problem: 'throttled', retryAfterMs: waitMs }
    const principal = this.#findProgram(claim.name)
    return this.#conclude(claim, principal, matchingSecret(principal, claim.secret))
  }

  /** A person signs in at a page, with sign-in name and password; programs may use their client secret. */
  async byPassword(claim: SignInClaim): Promise<SignInResult> {
    const waitMs = this.#throttle.admit(claim)
    if (waitMs > 0) return { problem: 'throttled', retryAfterMs: waitMs }
    const principal = this.#directory.findBySignInName(claim.name)
    const password = principal?.credentials.find(isScrypt)
    try {
      const isPassword = await this.#passwords.matches(claim.secret, password?.hash)
      const secret = matchingSecret(principal, claim.secret)
      return this.#conclude(claim, principal, isPassword ? password : secret)
    } catch (error) {
      if (isRelayError(error, 'ServerBusy')) return { problem: 'busy' }
      throw error
    }
  }

  /** By client id, or by its sign-in name: `az login --service-principal --username admin`. */
  #findProgram(name: string): DirectoryPrincipal | undefined {
    const principal = this.#directory.findByClientId(name) ?? this.#directory.findBySignInName(name)
    return principal?.kind === 'user' ? undefined : principal
  }

  #conclude(
    claim: SignInClaim,
    principal: DirectoryPrincipal | undefined,
    credential: PasswordCredential | undefined,
  ): SignInResult {
    if (principal === undefined || credential === undefined) return { problem: 'credentials' }
    this.#throttle.succeeded(claim)
    if (!principal.isEnabled) return { problem: 'disabled' }
    if ((credential.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY) <= this.#now()) return { problem: 'expired' }
    return { principal, credentialId: credential.id }
  }
}

/** As many hashes are tried as anybody may have: time tells neither whether the name exists nor which one matched. */
function matchingSecret(principal: DirectoryPrincipal | undefined, secret: Secret): PasswordCredential | undefined {
  const credentials = principal?.credentials.filter((credential) => credential.kind === 'password') ?? []
  let match: PasswordCredential | undefined
  for (let at = 0; at < maxCredentials; at++) {
    const credential = credentials[at]
    if (secretMatches(secret, credential?.hash ?? nobodysHash)) match ??= credential
  }
  return match
}

const nobodysHash = `sha256$${'A'.repeat(22)}$${'A'.repeat(43)}`

function isScrypt(credential: DirectoryPrincipal['credentials'][number]): credential is PasswordCredential {
  return credential.kind === 'password' && credential.hash.startsWith('scrypt$')
}
