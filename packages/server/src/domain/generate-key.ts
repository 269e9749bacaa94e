import { randomBytes } from 'node:crypto'
import { Secret } from '@postern/program'

/** Makes a key of an authorization rule: 32 random bytes as 44 characters of base64, the form of Azure's keys. */
export function generateKey(): Secret {
  return new Secret(randomBytes(32).toString('base64'))
}
