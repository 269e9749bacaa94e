import { readFile } from 'node:fs/promises'
import { RelayError } from '@postern/protocol'
import * as openid from 'openid-client'
import type { IngressOidc } from '../../domain/ingress-oidc.ts'
import { boundedFetch } from '../../identity/bounded-fetch.ts'
import { secretFault } from '../entry-files.ts'
import { decidingClaims, type PersonClaims } from './allowed-people.ts'

/** What ties an answer of the issuer to the question: kept by the browser, sealed. */
export interface SignInSecrets {
  readonly state: string
  readonly nonce: string
  /** Of PKCE. RFC 7636 */
  readonly verifier: string
}

/** A sign-in that the issuer, or the rules of OpenID Connect, do not let pass. */
export class SignInRefused extends Error {}

/** Of each request to the issuer. */
const timeoutS = 5
/** After this time the metadata are asked for again; an issuer may move its addresses. */
const refreshMs = 3_600_000
/** While the issuer does not answer, its last metadata count for this long. */
const maxStaleMs = 86_400_000
/** Between two attempts on an issuer that is away: strangers must not make us a flood of requests. */
const retryMs = 5000

/** Asks one issuer who people are: Authorization Code flow with PKCE, state and nonce; ID tokens with signature. */
export class OidcClient {
  readonly #oidc: IngressOidc
  readonly #now: () => number
  #configuration: openid.Configuration | undefined
  #fetchedAtMs = Number.NEGATIVE_INFINITY
  #attemptedAtMs = Number.NEGATIVE_INFINITY
  #problem: RelayError | undefined
  #attempt: Promise<void> | undefined

  constructor(oidc: IngressOidc, now: () => number = Date.now) {
    this.#oidc = oidc
    this.#now = now
  }

  /**
   * Where a browser goes to sign in.
   * @param isAnew the issuer shall ask, even if it knows the person
   * @throws {RelayError} IssuerUnavailable
   */
  async question({ state, nonce, verifier }: SignInSecrets, redirectUri: string, isAnew: boolean): Promise<URL> {
    const configuration = await this.#ready()
    return openid.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope: ['openid', ...this.#oidc.scopes].join(' '),
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
      ...(isAnew && { prompt: 'login' }),
    })
  }

  /**
   * What the issuer says of the person who came back from it.
   * @param answer the address that the browser came back to
   * @throws {SignInRefused} when the answer is not one to this question
   * @throws {RelayError} IssuerUnavailable
   */
  async answer(answer: URL, { state, nonce, verifier }: SignInSecrets): Promise<PersonClaims> {
    const configuration = await this.#ready()
    try {
      const tokens = await openid.authorizationCodeGrant(configuration, answer, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      })
      const claims = tokens.claims()
      if (!claims) throw new SignInRefused('the issuer has sent no ID token')
      if (!this.#asksForMore(claims, configuration)) return claims
      const more = await openid.fetchUserInfo(configuration, tokens.access_token, claims.sub)
      return { ...more, ...claims }
    } catch (error) {
      throw this.#sorted(error)
    }
  }

  #asksForMore(claims: PersonClaims, configuration: openid.Configuration): boolean {
    if (configuration.serverMetadata().userinfo_endpoint === undefined) return false
    return decidingClaims(this.#oidc).some((name) => claims[name] === undefined)
  }

  async #ready(): Promise<openid.Configuration> {
    const ageMs = this.#now() - this.#fetchedAtMs
    const mayAttempt = this.#attempt !== undefined || this.#now() - this.#attemptedAtMs >= retryMs
    if (ageMs >= refreshMs && mayAttempt) {
      this.#attempt ??= this.#discover().finally(() => {
        this.#attempt = undefined
      })
      // Nobody waits for what is only to be renewed.
      if (ageMs >= maxStaleMs) await this.#attempt
    }
    const configuration = this.#configuration
    if (configuration && this.#now() - this.#fetchedAtMs < maxStaleMs) return configuration
    throw this.#problem ?? new RelayError('IssuerUnavailable')
  }

  /** Never rejects. */
  async #discover(): Promise<void> {
    this.#attemptedAtMs = this.#now()
    try {
      const { issuer, clientId } = this.#oidc
      const { protocol } = new URL(issuer)
      const configuration = await openid.discovery(new URL(issuer), clientId, undefined, await this.#authentication(), {
        timeout: timeoutS,
        [openid.customFetch]: (url, options) => fetchOnly(protocol, url, options as RequestInit),
        // The settings let it be http on loopback only, for tests.
        // oxlint-disable-next-line typescript/no-deprecated -- marked so by its authors to stand out, not because it goes
        execute: protocol === 'http:' ? [openid.allowInsecureRequests] : [],
      })
      if (configuration.serverMetadata().issuer !== issuer) {
        throw new Error(`it calls itself ${configuration.serverMetadata().issuer}, to the letter`)
      }
      const { authorization_endpoint: address = '' } = configuration.serverMetadata()
      if (!URL.canParse(address) || new URL(address).protocol !== protocol) {
        throw new Error('it names no address to sign in at')
      }
      // Not only TLS says that an ID token is the issuer's: its signature does.
      openid.enableNonRepudiationChecks(configuration)
      this.#configuration = configuration
      this.#fetchedAtMs = this.#now()
      this.#problem = undefined
    } catch (error) {
      this.#problem = this.#unavailable(error)
    }
  }

  async #authentication(): Promise<openid.ClientAuth> {
    const { clientSecretFile, clientAuthentication } = this.#oidc
    if (clientSecretFile === undefined) return openid.None()
    // Read again with the metadata: a new secret needs no restart.
    const text = await readFile(clientSecretFile, 'utf8')
    const fault = secretFault(text)
    if (fault !== undefined) throw new Error(`the file with the client secret ${fault}`)
    const secret = text.trim()
    return clientAuthentication === 'post' ? openid.ClientSecretPost(secret) : openid.ClientSecretBasic(secret)
  }

  /** Tells an issuer that cannot be asked from one that has said no. */
  #sorted(error: unknown): Error {
    if (error instanceof SignInRefused || error instanceof RelayError) return error
    if (error instanceof openid.AuthorizationResponseError) {
      return new SignInRefused(`the issuer says ${error.error}`, { cause: error })
    }
    // RFC 6749 section 5.2. What is wrong with the client, and not with the code, is for whoever runs it to mend.
    if (error instanceof openid.ResponseBodyError) {
      if (error.error === 'invalid_grant') return new SignInRefused('the issuer says invalid_grant', { cause: error })
      return this.#unavailable(error)
    }
    const isVerdict = error instanceof openid.ClientError && error.code !== undefined && !awayCodes.has(error.code)
    return isVerdict ? new SignInRefused(detailOf(error), { cause: error }) : this.#unavailable(error)
  }

  #unavailable(error: unknown): RelayError {
    const message = `${this.#oidc.issuer} cannot be asked: ${detailOf(error)}`
    return new RelayError('IssuerUnavailable', { message, cause: error })
  }
}

/** Codes of the library for an answer that says nothing about the person. */
const awayCodes = new Set([
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
])

/** No other scheme than the issuer's, whatever its metadata or a redirect say. */
function fetchOnly(protocol: string, url: string, options: RequestInit): Promise<Response> {
  if (new URL(url).protocol !== protocol) throw new Error(`${url} is not ${protocol}//`)
  return boundedFetch(url, { ...options, redirect: 'manual' })
}

/** Without what was sent: neither codes nor tokens are in these messages. */
function detailOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  const detail = cause instanceof Error ? `: ${cause.message}` : ''
  const said = error instanceof openid.ResponseBodyError ? ` (${error.error})` : ''
  return `${error.message}${said}${detail}`.slice(0, 300)
}
