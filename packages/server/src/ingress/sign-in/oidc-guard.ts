import type { IncomingHttpHeaders } from 'node:http'
import type { Secret } from '@postern/program'
import type { ErrorCode } from '@postern/protocol'
import { RelayError } from '@postern/protocol'
import { randomNonce, randomPKCECodeVerifier, randomState } from 'openid-client'
import type { IngressOidc } from '../../domain/ingress-oidc.ts'
import { BoundedMap } from '../../identity/bounded-map.ts'
import { SourceLimits } from '../source-limits.ts'
import { type Person, type PersonClaims, personOf, whyNotAllowed } from './allowed-people.ts'
import { OidcClient, type SignInSecrets } from './oidc-client.ts'
import { ownPathPrefix, returnPathOf } from './return-path.ts'
import { cookiesOf, ownCookiePrefix, SealedCookies, setCookie } from './sealed-cookies.ts'
import { type OwnAnswer, pages, redirect, signInPath, unauthorized } from './sign-in-pages.ts'

/** A request without body, and where it came from. */
export interface GuardedRequest {
  readonly method: string
  /** As in the request line. */
  readonly target: string
  readonly headers: IncomingHttpHeaders
  readonly isUpgrade: boolean
  /** Host and port that the browser has dialed; the name is one of the entry's. */
  readonly authority: string
  /** Source, in canonical form. */
  readonly address: string
}

/** Who may pass, and how long. */
export interface SignedIn {
  readonly person: Person
  readonly endsAtMs: number
}

/** What a request is answered that may not pass. */
export interface Unsigned {
  readonly answer: OwnAnswer
  /** For log and audit; absent for the steps of a sign-in that goes well. */
  readonly refusal?: { readonly code: ErrorCode; readonly reason: string }
  /** The person who has signed in by this request. */
  readonly signedIn?: Person
}

const sessionCookie = `${ownCookiePrefix}session`
/** Sign-ins that one browser can have under way: each tab begins its own. More would fill its cookies. */
const slots = ['0', '1', '2', '3'] as const
/** From the way to the issuer until the way back: time to find a second factor. */
const signInMs = 600_000
/** Both ways of a sign-in; an office behind one address may come at once with twenty. Exchanges cost requests to the issuer. */
const limits = { maxTotal: 256, maxPerSource: 32, perSecondPerSource: 2 }
/** Sessions that need not be decrypted again: a page has a hundred pictures. */
const maxRemembered = 4096

/** Lets through who has signed in at the entry's issuer; keeps nothing that a second process would have to know. */
export class OidcGuard {
  readonly #oidc: IngressOidc
  readonly #name: string
  readonly #client: OidcClient
  readonly #now: () => number
  readonly #sessions: SealedCookies
  readonly #beginnings: SealedCookies
  readonly #starts = new SourceLimits(limits)
  readonly #finishes = new SourceLimits(limits)
  readonly #remembered = new BoundedMap<SignedIn>(maxRemembered)

  constructor(name: string, oidc: IngressOidc, key: Secret, now: () => number = Date.now) {
    const { issuer, clientId, allowed, groupsClaim, trustUnverifiedEmail, sessionLifetimeMs } = oidc
    this.#name = name
    this.#oidc = oidc
    this.#now = now
    this.#client = new OidcClient(oidc, now)
    // Who was let in by other rules has to come through these: their sessions have another key.
    const rules = [name.toLowerCase(), issuer, clientId, allowed, groupsClaim, trustUnverifiedEmail, sessionLifetimeMs]
    this.#sessions = new SealedCookies(key, ['session', ...rules], now)
    this.#beginnings = new SealedCookies(key, ['sign-in', ...rules], now)
  }

  async check(request: GuardedRequest): Promise<SignedIn | Unsigned> {
    const { target, authority, method, isUpgrade } = request
    const url = target.startsWith('/') ? new URL(`https://${authority}${target}`) : undefined
    if (url?.pathname.startsWith(ownPathPrefix)) return await this.#serve(request, url)
    const session = await this.#sessionOf(request)
    if (session) return session
    if (method === 'GET' && !isUpgrade && url && wantsPage(request.headers)) {
      return await this.#start(request, returnPathOf(target), false)
    }
    const reason = cookiesOf(request.headers.cookie).has(sessionCookie)
      ? 'the session is over or none of ours'
      : 'no session'
    return { answer: unauthorized(this.#name), refusal: { code: 'TokenMissing', reason } }
  }

  async #serve(request: GuardedRequest, url: URL): Promise<Unsigned> {
    if (request.method !== 'GET' || request.isUpgrade) return { answer: pages.method() }
    switch (url.pathname) {
      case signInPath:
        return await this.#start(
          request,
          returnPathOf(url.searchParams.get('return') ?? '/'),
          url.searchParams.has('again'),
        )
      case `${ownPathPrefix}callback`:
        return await this.#finish(request, url)
      case `${ownPathPrefix}sign-out`:
        // A link elsewhere must not sign people out unasked.
        if (request.headers['sec-fetch-site'] === 'cross-site') return { answer: pages.askSignOut(url.pathname) }
        return { answer: pages.signedOut([setCookie(sessionCookie, '', 0)]) }
      default:
        return { answer: pages.unknown() }
    }
  }

  async #sessionOf({ headers, authority }: GuardedRequest): Promise<SignedIn | undefined> {
    const cookie = cookiesOf(headers.cookie).get(sessionCookie)
    if (cookie === undefined) return undefined
    const key = `${authority} ${cookie}`
    const known = this.#remembered.get(key)
    if (known) return known.endsAtMs > this.#now() ? known : undefined
    const opened = await this.#sessions.open(cookie, authority)
    if (typeof opened?.sub !== 'string') return undefined
    const { sub: subject, exp, ['email']: email } = opened
    const session = { person: { subject, ...(typeof email === 'string' && { email }) }, endsAtMs: exp * 1000 }
    this.#remembered.set(key, session)
    return session
  }

  async #start(request: GuardedRequest, returnPath: string | undefined, isAnew: boolean): Promise<Unsigned> {
    if (returnPath === undefined) {
      return {
        answer: pages.noReturn(),
        refusal: { code: 'RequestMalformed', reason: 'the return path leads elsewhere' },
      }
    }
    const { address, authority } = request
    const place = this.#starts.enter(address)
    if (typeof place === 'string') return tooMany(place)
    try {
      const slot = freeSlot(request.headers.cookie)
      const secrets = { state: `${slot}.${randomState()}`, nonce: randomNonce(), verifier: randomPKCECodeVerifier() }
      const question = await this.#client.question(secrets, callbackOf(authority), isAnew)
      const sealed = await this.#beginnings.seal({ ...secrets, returnPath }, authority, this.#now() + signInMs)
      return { answer: redirect(question.href, [setCookie(beginningCookie(slot), sealed, signInMs / 1000)]) }
    } catch (error) {
      return unavailable(error)
    } finally {
      place()
    }
  }

  async #finish(request: GuardedRequest, url: URL): Promise<Unsigned> {
    const { address, authority } = request
    const slot = slots.find((each) => url.searchParams.get('state')?.startsWith(`${each}.`))
    const cookie = slot && cookiesOf(request.headers.cookie).get(beginningCookie(slot))
    const begun = cookie === undefined ? undefined : await this.#beginnings.open(cookie, authority)
    if (!slot || !begun || begun['state'] !== url.searchParams.get('state')) {
      const reason = 'the answer of the issuer is none to a question of this browser'
      return { answer: pages.notThisBrowser(), refusal: { code: 'TokenMalformed', reason } }
    }
    const place = this.#finishes.enter(address)
    if (typeof place === 'string') return tooMany(place)
    const done = setCookie(beginningCookie(slot), '', 0)
    try {
      const { returnPath, ...secrets } = begun as unknown as SignInSecrets & { readonly returnPath: string }
      const answer = new URL(`${callbackOf(authority)}${url.search}`)
      return await this.#admit(await this.#client.answer(answer, secrets), { authority, returnPath, done })
    } catch (error) {
      if (error instanceof RelayError) return unavailable(error)
      const reason = error instanceof Error ? error.message : String(error)
      return { answer: pages.refused([done]), refusal: { code: 'TokenMalformed', reason } }
    } finally {
      place()
    }
  }

  async #admit(
    claims: PersonClaims,
    { authority, returnPath, done }: { readonly authority: string; readonly returnPath: string; readonly done: string },
  ): Promise<Unsigned> {
    const person = personOf(claims, this.#oidc)
    if (!person) {
      const reason = 'the subject cannot stand in a header'
      return { answer: pages.refused([done]), refusal: { code: 'TokenPrincipalInvalid', reason } }
    }
    const who = person.email ?? person.subject
    const why = whyNotAllowed(claims, person, this.#oidc)
    if (why !== undefined) {
      return { answer: pages.notAllowed(who, [done]), refusal: { code: 'RightMissing', reason: `${who}: ${why}` } }
    }
    const { subject: sub, email } = person
    const { sessionLifetimeMs } = this.#oidc
    const value = { sub, ...(email !== undefined && { email }) }
    const sealed = await this.#sessions.seal(value, authority, this.#now() + sessionLifetimeMs)
    const session = setCookie(sessionCookie, sealed, Math.floor(sessionLifetimeMs / 1000))
    return { answer: redirect(`https://${authority}${returnPath}`, [done, session]), signedIn: person }
  }
}

function beginningCookie(slot: (typeof slots)[number]): string {
  return `${ownCookiePrefix}sign-in-${slot}`
}

function freeSlot(header: string | undefined): (typeof slots)[number] {
  const cookies = cookiesOf(header)
  const free = slots.find((slot) => !cookies.has(beginningCookie(slot)))
  // All are taken, most likely by tabs that were left; which one has to go does not matter.
  return free ?? slots[Math.floor(Math.random() * slots.length)] ?? '0'
}

function callbackOf(authority: string): string {
  return `https://${authority}${ownPathPrefix}callback`
}

/** A person looks at what comes, and not a script, a picture or a program. */
function wantsPage(headers: IncomingHttpHeaders): boolean {
  const mode = headers['sec-fetch-mode']
  return (mode === undefined || mode === 'navigate') && /\btext\/html\b/i.test(headers.accept ?? '')
}

function tooMany(reason: string): Unsigned {
  return { answer: pages.tooMany(), refusal: { code: 'ServerBusy', reason: `sign-in: ${reason}` } }
}

function unavailable(error: unknown): Unsigned {
  const reason = error instanceof Error ? error.message : String(error)
  return { answer: pages.issuerAway(), refusal: { code: 'IssuerUnavailable', reason } }
}
