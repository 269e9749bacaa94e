import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { Secret } from '@postern/program'

/** 256 random bits: no stretching makes guessing them any harder, so one SHA-256 is enough to keep them. */
const secretBytes = 32
const saltBytes = 16

/** Longest secret that is looked at; what is longer was not made here. */
const maxSecretLength = 256

/** Makes a client secret: 32 random bytes as 43 characters of base64url. `az login -p -x` takes a dash at the front for an option. */
export function generateSecret(): Secret {
  const text = randomBytes(secretBytes).toString('base64url')
  return text.startsWith('-') ? generateSecret() : new Secret(text)
}

/** `sha256$salt$hash`, both parts base64url. Only for secrets of many random bits, never for passwords of people. */
export function hashSecret(secret: Secret): string {
  const salt = randomBytes(saltBytes)
  return ['sha256', salt.toString('base64url'), digest(salt, secret.reveal()).toString('base64url')].join('$')
}

/** Compares in constant time; a hash of another kind costs the same and never matches. */
export function secretMatches(secret: Secret, hash: string): boolean {
  const text = secret.reveal().slice(0, maxSecretLength + 1)
  const [scheme, salt, expected] = hash.split('$')
  const isOurs = scheme === 'sha256' && salt !== undefined && expected !== undefined
  const wanted = Buffer.from(isOurs ? expected : '', 'base64url')
  const given = digest(Buffer.from(isOurs ? salt : '', 'base64url'), text)
  const isEqual = timingSafeEqual(given, wanted.length === given.length ? wanted : randomBytes(given.length))
  return isEqual && isOurs && text.length <= maxSecretLength
}

function digest(salt: Uint8Array, text: string): Buffer {
  return createHash('sha256').update(salt).update(text).digest()
}
