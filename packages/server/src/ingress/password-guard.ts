import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { Secret } from '@postern/program'
import type { ErrorCode } from '@postern/protocol'
import type { IngressUser } from '../domain/ingress-entry.ts'
import { networkOf } from '../domain/network-of.ts'
import { PasswordHasher } from '../identity/password-hasher.ts'

/** Why a request is not let in. */
export interface Unproven {
  readonly code: Extract<ErrorCode, 'RightMissing' | 'SignInsThrottled' | 'ServerBusy'>
  /** When to come again; absent where another password is all that is needed. */
  readonly retryAfterS?: number
  /** For log and audit; never what was sent. */
  readonly reason: string
}

/** Sign-ins that are remembered: a page of a hundred pictures must not cost a hundred hashes. */
const maxRemembered = 4096
const rememberedMs = 300_000

/** Wrong passwords of one source in a window, beyond which it is not listened to until the window ends. */
const maxFailures = 20
const failureWindowMs = 60_000
const maxFailingSources = 16_384

/** Checks HTTP basic credentials against scrypt hashes. RFC 7617 */
export class PasswordGuard {
  readonly #hasher = new PasswordHasher()
  /** Digests with a key of this process, and never passwords: `expires at` by digest of hash and credential. */
  readonly #remembered = new Map<string, number>()
  readonly #key = randomBytes(32)
  readonly #failures = new Map<string, { count: number; readonly endsAtMs: number }>()

  /** @returns the user's name, or why there is none */
  async check(users: readonly IngressUser[], header: string | undefined, address: string): Promise<string | Unproven> {
    const credential = readBasic(header)
    if (!credential) return { code: 'RightMissing', reason: 'no password was sent' }
    const user = users.find(({ name }) => isSame(name, credential.name))
    const digest = this.#digest(user?.passwordHash ?? '', credential.password)
    const nowMs = performance.now()
    if (user && (this.#remembered.get(digest) ?? 0) > nowMs) return user.name
    const source = networkOf(address)
    const shutOutMs = this.#shutOutMs(source, nowMs)
    if (shutOutMs > 0) {
      const reason = `too many wrong passwords of ${source}`
      return { code: 'SignInsThrottled', reason, retryAfterS: Math.ceil(shutOutMs / 1000) }
    }
    let isRight: boolean
    try {
      isRight = await this.#hasher.matches(credential.password, user?.passwordHash)
    } catch {
      return { code: 'ServerBusy', reason: 'too many sign-ins at once', retryAfterS: 1 }
    }
    if (user && isRight) {
      if (this.#remembered.size >= maxRemembered) this.#remembered.clear()
      this.#remembered.set(digest, nowMs + rememberedMs)
      return user.name
    }
    this.#noteFailure(source, nowMs)
    return { code: 'RightMissing', reason: user ? 'the password is wrong' : 'there is no such user' }
  }

  #digest(hash: string, password: Secret): string {
    return createHash('sha256').update(this.#key).update(`${hash}\n`).update(password.reveal()).digest('base64')
  }

  /** How long a source is not listened to any more. */
  #shutOutMs(source: string, nowMs: number): number {
    const failures = this.#failures.get(source)
    return failures !== undefined && failures.count >= maxFailures ? failures.endsAtMs - nowMs : 0
  }

  #noteFailure(source: string, nowMs: number): void {
    const failures = this.#failures.get(source)
    if (failures && failures.endsAtMs > nowMs) {
      failures.count += 1
      return
    }
    if (this.#failures.size >= maxFailingSources) this.#failures.clear()
    this.#failures.set(source, { count: 1, endsAtMs: nowMs + failureWindowMs })
  }
}

function readBasic(header: string | undefined): { readonly name: string; readonly password: Secret } | undefined {
  const encoded = /^basic +([A-Za-z0-9+/=_-]{1,4096})$/i.exec(header ?? '')?.[1]
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : { name: text.slice(0, colon), password: new Secret(text.slice(colon + 1)) }
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => createHash('sha256').update(text).digest())
  return a !== undefined && b !== undefined && timingSafeEqual(a, b)
}
