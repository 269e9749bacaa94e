import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { Secret } from '@postern/program'

/** 256 random bits cannot be guessed: one SHA-256 is enough to keep them. */
const secretBytes = 32

/** Makes the token of an enrolment: its id, a dot and a secret of which only the hash is kept. */
export function makeEnrolmentToken(id: string): { readonly token: Secret; readonly secretHash: string } {
  const secret = randomBytes(secretBytes).toString('base64url')
  return { token: new Secret(`${id}.${secret}`), secretHash: hashOf(secret) }
}

/** Takes a token of a stranger apart; undefined for what cannot be one. */
export function readEnrolmentToken(token: string): { readonly id: string; readonly secret: string } | undefined {
  const match = /^([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})\.([\w-]{43})$/i.exec(token)
  const [, id, secret] = match ?? []
  return id === undefined || secret === undefined ? undefined : { id: id.toLowerCase(), secret }
}

/** Compares in constant time. */
export function enrolmentSecretMatches(secret: string, secretHash: string): boolean {
  const [given, kept] = [Buffer.from(hashOf(secret)), Buffer.from(secretHash)]
  return given.length === kept.length && timingSafeEqual(given, kept)
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}
