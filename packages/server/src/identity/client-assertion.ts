import { createHash, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose'
import type { DirectoryPrincipal, KeyCredential } from '../domain/directory-principal.ts'
import type { AssertionReplays } from './assertion-replays.ts'
import { assertionAlgorithms } from './credential-key.ts'
import type { Directory } from './directory.ts'
import type { SignInResult } from './sign-in.ts'
import type { SignInThrottle } from './sign-in-throttle.ts'
import { isTokenRefusal } from './token-authority.ts'
import { looksLikeJwt } from './token-verifier.ts'
import { audiencesOf, verifyJwt } from './verify-jwt.ts'

/** Microsoft's libraries sign for ten minutes, Terraform's for an hour by a clock that may be ahead of ours. */
const maxLifetimeMs = 3_600_000 + 300_000

export interface AssertionClaim {
  readonly assertion: string
  /** `client_id` of the request; absent when only the assertion says it. */
  readonly clientId?: string
  readonly address: string
  /** Whether `aud` is a name of our token endpoint. */
  readonly isOurs: (audience: string) => boolean
}

/** Checks client assertions: JWTs that a program has signed with the private part of a key that is registered. RFC 7523 */
export class ClientAssertions {
  readonly #directory: Directory
  readonly #throttle: SignInThrottle
  readonly #replays: AssertionReplays
  readonly #now: () => number

  constructor(options: {
    readonly directory: Directory
    readonly throttle: SignInThrottle
    readonly replays: AssertionReplays
    readonly now?: () => number
  }) {
    this.#directory = options.directory
    this.#throttle = options.throttle
    this.#replays = options.replays
    this.#now = options.now ?? Date.now
  }

  async verify(claim: AssertionClaim): Promise<SignInResult> {
    const read = readAssertion(claim.assertion)
    const clientId = read?.payload.sub
    if (read === undefined || typeof clientId !== 'string' || (claim.clientId ?? clientId) !== clientId) {
      return { problem: 'credentials' }
    }
    const attempt = { name: clientId, address: claim.address }
    const waitMs = this.#throttle.admit(attempt)
    if (waitMs > 0) return { problem: 'throttled', retryAfterMs: waitMs }
    const principal = this.#directory.findByClientId(clientId)
    const signer = await this.#findSigner(principal ?? nobody, claim.assertion, read)
    if (principal === undefined || signer === undefined || !this.#isFit(read.payload, claim)) {
      return { problem: 'credentials' }
    }
    if (
      !this.#replays.admit({ ...attempt, id: idOf(claim.assertion, read.payload), expiresAtMs: signer.expiresAtMs })
    ) {
      return { problem: 'credentials' }
    }
    this.#throttle.succeeded(attempt)
    if (!principal.isEnabled) return { problem: 'disabled' }
    if ((signer.credential.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY) <= this.#now())
      return { problem: 'expired' }
    return { principal, credentialId: signer.credential.id }
  }

  async #findSigner(
    principal: Pick<DirectoryPrincipal, 'clientId' | 'credentials'>,
    assertion: string,
    { algorithm, thumbprint }: ReadAssertion,
  ): Promise<{ readonly credential: KeyCredential; readonly expiresAtMs: number } | undefined> {
    for (const credential of candidates(principal, thumbprint)) {
      const key = createPublicKey(credential.publicKey)
      if (!assertionAlgorithms(key).some((known) => known === algorithm)) continue
      const result = await verifyJwt(assertion, {
        key: () => key,
        algorithms: [algorithm],
        issuer: principal.clientId,
        nowMs: this.#now(),
      })
      if (!isTokenRefusal(result)) return { credential, expiresAtMs: result.claims.exp * 1000 }
    }
    return undefined
  }

  #isFit(payload: JWTPayload, { isOurs }: AssertionClaim): boolean {
    return audiencesOf(payload).some(isOurs) && (payload.exp ?? 0) * 1000 <= this.#now() + maxLifetimeMs
  }
}

interface ReadAssertion {
  readonly algorithm: string
  /** `x5t`: SHA-1 of the certificate, base64url. */
  readonly thumbprint?: string
  readonly payload: JWTPayload
}

function readAssertion(assertion: string): ReadAssertion | undefined {
  if (!looksLikeJwt(assertion)) return undefined
  try {
    const { alg, x5t } = decodeProtectedHeader(assertion)
    const payload = decodeJwt(assertion)
    return { algorithm: alg ?? '', ...(typeof x5t === 'string' && { thumbprint: x5t }), payload }
  } catch {
    return undefined
  }
}

/** The key that the assertion names, when it is there; newer libraries name it by SHA-256, then each is tried. */
function candidates(
  { credentials }: Pick<DirectoryPrincipal, 'credentials'>,
  thumbprint: string | undefined,
): readonly KeyCredential[] {
  const keys = credentials.filter((credential) => credential.kind === 'key')
  const named = keys.filter((key) => key.thumbprint !== undefined && key.thumbprint === thumbprint)
  return named.length > 0 ? named : keys
}

/** Without a `jti`: what was signed, because one signature can be written in two ways. */
function idOf(assertion: string, { jti }: JWTPayload): string {
  const signed = typeof jti === 'string' ? `jti ${jti}` : `text ${assertion.slice(0, assertion.lastIndexOf('.'))}`
  return createHash('sha256').update(signed).digest('base64')
}

/** Stands for clients that do not exist: one signature of either kind is checked for them too. */
const nobody: Pick<DirectoryPrincipal, 'clientId' | 'credentials'> = {
  clientId: '',
  credentials: [
    generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey,
    createPublicKey({ format: 'jwk', key: { kty: 'RSA', n: nobodysModulus(), e: 'AQAB' } }),
  ].map((key, at) => ({
    kind: 'key',
    id: String(at),
    displayName: 'nobody',
    publicKey: key.export({ type: 'spki', format: 'pem' }).toString(),
    createdAt: new Date(0),
  })),
}

/** 2048 bits, odd: nobody knows its factors, so nobody can sign. */
function nobodysModulus(): string {
  const modulus = randomBytes(256)
  modulus[0] = 0xff
  modulus[255] = 0xff
  return modulus.toString('base64url')
}
