import { createHmac } from 'node:crypto'
import { createSharedAccessSignature, type HmacSha256 } from '@postern/protocol'
import type { SecurityToken, TokenProvider } from './token-provider.ts'

/** One hour, as the official clients sign. */
const defaultLifetimeMs = 3_600_000

/** A token is replaced when this part of its life is over: the rest covers skewed clocks and a relay that is away. */
const renewAfterPart = 0.8

/** Audiences of one provider that are remembered; a program with more paths than this signs some of them again. */
const maxCachedTokens = 100

/** Settings of {@link createKeyTokenProvider}. */
export interface KeyTokenProviderOptions {
  /** Name of the authorization rule (`SharedAccessKeyName`). */
  readonly keyName: string
  /** Its primary or secondary key, used as text (never base64-decoded). */
  readonly key: string
  /** Life of a token in ms. Default one hour. */
  readonly lifetimeMs?: number
  /** The clock, in ms since 1970. Default `Date.now`. */
  readonly now?: () => number
}

/**
 * Signs shared access signatures with the key of an authorization rule, and hands the same one out until 80 % of its
 * life is over.
 *
 * @example
 * const tokenProvider = createKeyTokenProvider({ keyName: 'listener', key: process.env.RELAY_KEY ?? '' })
 */
export function createKeyTokenProvider(options: KeyTokenProviderOptions): TokenProvider {
  const { keyName, key, lifetimeMs = defaultLifetimeMs, now = Date.now } = options
  const cache = new Map<string, Required<SecurityToken>>()

  const sign = (audience: string): SecurityToken => {
    const signedAtMs = now()
    const expiresAtSeconds = Math.ceil((signedAtMs + lifetimeMs) / 1000)
    const text = createSharedAccessSignature({ resourceUri: audience, keyName, key, expiresAtSeconds, hmacSha256 })
    const token = {
      text,
      expiresAtMs: expiresAtSeconds * 1000,
      renewAtMs: signedAtMs + lifetimeMs * renewAfterPart,
    }
    const oldest = cache.keys().next().value
    if (cache.size >= maxCachedTokens && oldest !== undefined) cache.delete(oldest)
    cache.set(audience, token)
    return token
  }

  return {
    keyName,
    getToken({ audience, fresh = false }) {
      const cached = cache.get(audience)
      return Promise.resolve(!fresh && cached && now() < cached.renewAtMs ? cached : sign(audience))
    },
  }
}

const hmacSha256: HmacSha256 = (key, message) =>
  createHmac('sha256', Buffer.from(key, 'utf8')).update(message, 'utf8').digest()
