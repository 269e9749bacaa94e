import type { Secret } from '@postern/program'
import { PasswordHasher } from './identity/password-hasher.ts'

/** `scrypt$N$r$p$salt$hash`: what `passwordHash` of an ingress user holds. */
export function hashPassword(password: Secret): Promise<string> {
  return new PasswordHasher().hash(password)
}
