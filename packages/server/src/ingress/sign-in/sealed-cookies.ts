import { hkdfSync } from 'node:crypto'
import type { Secret } from '@postern/program'
import { EncryptJWT, errors, type JWTPayload, jwtDecrypt } from 'jose'

/** Names of our cookies begin so: browsers take such ones only by https, for the whole host and no other. RFC 6265bis section 4.1.3.2 */
export const ownCookiePrefix = '__Host-postern-'

/** AES-256 with an HMAC: its 128 random bits are never met twice, however many sign-ins strangers start. RFC 7518 section 5.2.5 */
const encryption = 'A256CBC-HS512'
const keyBytes = 64

/** Seals what browsers keep for us: nobody can read it, alter it, or use it at another host, for another purpose or later. */
export class SealedCookies {
  readonly #key: Uint8Array
  readonly #now: () => number

  /**
   * @param key of the relay, of any form
   * @param purpose everything that a cookie stands for: another purpose has another key
   */
  constructor(key: Secret, purpose: readonly unknown[], now: () => number = Date.now) {
    this.#key = new Uint8Array(hkdfSync('sha512', key.reveal(), '', JSON.stringify(purpose), keyBytes))
    this.#now = now
  }

  /** @param host with port, as the browser has it; another host cannot open the cookie */
  seal(value: Readonly<Record<string, unknown>>, host: string, endsAtMs: number): Promise<string> {
    return new EncryptJWT({ ...value })
      .setProtectedHeader({ alg: 'dir', enc: encryption })
      .setAudience(host)
      .setExpirationTime(Math.floor(endsAtMs / 1000))
      .encrypt(this.#key)
  }

  /** @returns undefined for whatever we have not sealed for this host, and for what has run out */
  async open(text: string, host: string): Promise<(JWTPayload & { readonly exp: number }) | undefined> {
    try {
      const { payload } = await jwtDecrypt(text, this.#key, {
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: [encryption],
        audience: host,
        requiredClaims: ['exp'],
        currentDate: new Date(this.#now()),
      })
      return { ...payload, exp: payload.exp ?? 0 }
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined
      throw error
    }
  }
}

/** The cookies of a request by name, of which the first counts. */
export function cookiesOf(header: string | undefined): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>()
  for (const pair of (header ?? '').split(';')) {
    const equals = pair.indexOf('=')
    const name = pair.slice(0, equals).trim()
    if (equals > 0 && !cookies.has(name)) cookies.set(name, pair.slice(equals + 1).trim())
  }
  return cookies
}

/** A Cookie header without ours, which no target may see; undefined when nothing is left. */
export function withoutOwnCookies(header: string): string | undefined {
  const own = ownCookiePrefix.toLowerCase()
  if (!header.toLowerCase().includes(own)) return header
  const others = header.split(';').filter((pair) => !pair.trim().toLowerCase().startsWith(own))
  return others.length === 0 ? undefined : others.join(';').trim()
}

/** A Set-Cookie header. @param maxAgeS 0 takes the cookie away */
export function setCookie(name: string, value: string, maxAgeS: number): string {
  return `${name}=${value}; Path=/; Max-Age=${maxAgeS}; Secure; HttpOnly; SameSite=Lax`
}
