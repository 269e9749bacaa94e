import { RelayError } from '@postern/protocol'
import {
  type CryptoKey,
  createRemoteJWKSet,
  customFetch,
  errors,
  type FlattenedJWSInput,
  type JWSHeaderParameters,
  type RemoteJWKSet,
} from 'jose'
import { boundedFetch } from './bounded-fetch.ts'

/** How often keys are fetched while all is well. */
const refreshIntervalMs = 600_000
/** How often the next attempt is made while the issuer is away. */
const retryIntervalMs = 30_000
/** Between two fetches that tokens with unknown key ids can cause. */
const coolDownMs = 30_000
/** While the issuer is away, its last keys count for this long. */
const maxStaleMs = 86_400_000
const timeoutMs = 5000

export interface OidcKeysOptions {
  readonly issuer: string
  readonly now?: () => number
  /** Called after each attempt; undefined when it went well. */
  readonly onAttempt: (problem: string | undefined) => void
}

/**
 * The public keys of an external issuer, found by its metadata. They are fetched beforehand and kept: no token waits for
 * them, unless its key is new, and an issuer that is away for an hour locks nobody out.
 */
export class OidcKeys {
  readonly #options: OidcKeysOptions
  readonly #now: () => number
  #keys: RemoteJWKSet | undefined
  #fetchedAtMs = Number.NEGATIVE_INFINITY
  #attemptedAtMs = Number.NEGATIVE_INFINITY
  #problem: string | undefined
  #attempt: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  readonly #closed = new AbortController()

  constructor(options: OidcKeysOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    void this.#refresh()
  }

  /**
   * The key that a header names.
   * @throws {RelayError} IssuerUnavailable when it cannot be told whether there is one
   * @throws {errors.JWKSNoMatchingKey} when the issuer has none
   */
  async find(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    if (!this.#knows(header.kid) && this.#mayAttempt()) await this.#load()
    const keys = this.#keys
    const isUsable = keys !== undefined && this.#now() - this.#fetchedAtMs < maxStaleMs
    if (!isUsable || (this.#problem !== undefined && !this.#knows(header.kid))) {
      throw new RelayError('IssuerUnavailable', { message: `No keys of ${this.#options.issuer}: ${this.#problem}` })
    }
    return await keys(header, token)
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#closed.abort()
  }

  #knows(kid: string | undefined): boolean {
    return this.#keys?.jwks()?.keys.some((key) => key.kid === kid) === true
  }

  #mayAttempt(): boolean {
    return this.#attempt !== undefined || this.#now() - this.#attemptedAtMs >= coolDownMs
  }

  async #refresh(): Promise<void> {
    await this.#load()
    if (this.#closed.signal.aborted) return
    const delayMs = this.#problem === undefined ? refreshIntervalMs : retryIntervalMs
    this.#timer = setTimeout(() => void this.#refresh(), delayMs).unref()
  }

  /** Never rejects; one attempt at a time. */
  #load(): Promise<void> {
    this.#attempt ??= this.#fetch().finally(() => {
      this.#attempt = undefined
    })
    return this.#attempt
  }

  async #fetch(): Promise<void> {
    this.#attemptedAtMs = this.#now()
    try {
      // The address of the keys may have changed since: it is looked up each time.
      const keys = createRemoteJWKSet(await this.#keysAddress(), {
        timeoutDuration: timeoutMs,
        cooldownDuration: Number.POSITIVE_INFINITY,
        cacheMaxAge: Number.POSITIVE_INFINITY,
        [customFetch]: boundedFetch,
      })
      await keys.reload()
      this.#keys = keys
      this.#fetchedAtMs = this.#now()
      this.#problem = undefined
    } catch (error) {
      this.#problem = describe(error)
    }
    if (!this.#closed.signal.aborted) this.#options.onAttempt(this.#problem)
  }

  /** OpenID Connect Discovery sections 4.1 to 4.3. */
  async #keysAddress(): Promise<URL> {
    const { issuer } = this.#options
    const signal = AbortSignal.any([this.#closed.signal, AbortSignal.timeout(timeoutMs)])
    const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
    const response = await boundedFetch(address, { redirect: 'error', signal })
    if (response.status !== 200) throw new Error(`${address} answers ${response.status}`)
    const metadata = (await response.json()) as { readonly issuer?: unknown; readonly jwks_uri?: unknown } | null
    if (metadata?.issuer !== issuer) throw new Error(`${address} is about another issuer`)
    const keys =
      typeof metadata.jwks_uri === 'string' && URL.canParse(metadata.jwks_uri) ? new URL(metadata.jwks_uri) : undefined
    // Only an issuer on loopback, in a test, may leave its keys without TLS; and then on loopback too.
    const isSafe =
      keys?.protocol === 'https:' ||
      (keys?.protocol === 'http:' && keys.hostname === new URL(issuer).hostname && issuer.startsWith('http:'))
    if (keys === undefined || !isSafe) throw new Error(`${address} names no https address of its keys`)
    return keys
  }
}

function describe(error: unknown): string {
  const { message, cause } = error instanceof Error ? error : new Error(String(error))
  const detail = cause instanceof Error ? `: ${cause.message}` : ''
  return error instanceof errors.JWKSTimeout ? 'it does not answer' : `${message}${detail}`.slice(0, 300)
}
