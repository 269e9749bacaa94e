import { decodeForm, decodePercent } from '../addresses/percent-codec.ts'

/** HMAC-SHA256 with key and message as UTF-8; the caller's platform provides it. */
export type HmacSha256 = (key: string, message: string) => Uint8Array

/** A shared access signature, taken apart but not yet believed. */
export interface SharedAccessSignature {
  /** `sr`, encoded exactly as in the token: the signature covers this spelling. */
  readonly resource: string
  /** `sig`: the signature in Base64. */
  readonly signature: string
  /** `se`: seconds since 1970. */
  readonly expiresAtSeconds: number
  /** `skn`: name of the authorization rule. */
  readonly keyName: string
  /** What was signed. */
  readonly stringToSign: string
}

/** What {@link createSharedAccessSignature} signs, and with what. */
export interface SharedAccessSignatureOptions {
  /** `http://host/path`; encoded here. */
  readonly resourceUri: string
  readonly keyName: string
  /** Used as text: a key that looks like Base64 is not decoded. */
  readonly key: string
  readonly expiresAtSeconds: number
  readonly hmacSha256: HmacSha256
}

/** Longer than any real token; what is longer is not looked at. */
const maxTokenLength = 8192

/**
 * Takes a shared access signature apart; undefined when it is none, or when one of its four parameters is missing,
 * empty or there twice. Parameters may come in any order, `Bearer ` may stand before it (observed).
 */
export function parseSharedAccessSignature(text: string): SharedAccessSignature | undefined {
  const list = text.length <= maxTokenLength ? tokenPattern.exec(text)?.[1] : undefined
  const parameters = list === undefined ? undefined : readParameters(list)
  const resource = parameters?.get('sr')
  const signature = parameters?.get('sig')
  const expiry = parameters?.get('se')
  const keyName = parameters?.get('skn')
  if (!resource || !signature || !keyName || expiry === undefined || !seconds.test(expiry)) return undefined
  return {
    resource,
    // A `+` that somebody forgot to encode is Base64's, not a space: only the escapes are decoded.
    signature: decodePercent(signature),
    expiresAtSeconds: Number(expiry),
    keyName: decodeForm(keyName),
    stringToSign: `${resource}\n${expiry}`,
  }
}

/** Makes a shared access signature for a resource. */
export function createSharedAccessSignature(options: SharedAccessSignatureOptions): string {
  const { resourceUri, keyName, key, expiresAtSeconds, hmacSha256 } = options
  const resource = encode(resourceUri)
  const signature = toBase64(hmacSha256(key, `${resource}\n${expiresAtSeconds}`))
  return `SharedAccessSignature sr=${resource}&sig=${encode(signature)}&se=${expiresAtSeconds}&skn=${encode(keyName)}`
}

/** Tells whether the signature was made with this key. The time does not depend on where the two first differ. */
export function signatureMatches(token: SharedAccessSignature, key: string, hmacSha256: HmacSha256): boolean {
  const expected = toBase64(hmacSha256(key, token.stringToSign))
  const given = token.signature
  let difference = expected.length ^ given.length
  for (let index = 0; index < expected.length; index += 1) {
    difference |= expected.charCodeAt(index) ^ given.charCodeAt(index)
  }
  return difference === 0
}

const tokenPattern = /^\s*(?:Bearer\s+)?SharedAccessSignature\s+(\S+)\s*$/i
/** Up to the year 5138, so that milliseconds stay exact. */
const seconds = /^\d{1,11}$/

function readParameters(list: string): ReadonlyMap<string, string> | undefined {
  const parameters = new Map<string, string>()
  for (const part of list.split('&')) {
    const equals = part.indexOf('=')
    const name = part.slice(0, Math.max(equals, 0)).toLowerCase()
    // Of two values one would be signed and the other believed.
    if (parameters.has(name)) return undefined
    if (equals > 0) parameters.set(name, part.slice(equals + 1))
  }
  return parameters
}

function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}
