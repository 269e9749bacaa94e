import { createHmac, randomBytes } from 'node:crypto'
import { Secret } from '@postern/program'
import { createSharedAccessSignature } from '@postern/protocol'
import type { AuthorizationRule } from '../../packages/server/src/domain/authorization-rule.ts'

/** A rule with new keys. */
export function newRule(): AuthorizationRule {
  const key = (): Secret => new Secret(randomBytes(32).toString('base64'))
  return { name: 'send', rights: ['Send'], primaryKey: key(), secondaryKey: key() }
}

/** A signature for a whole namespace, good for an hour. */
export function signSender(host: string, { name, primaryKey }: Pick<AuthorizationRule, 'name' | 'primaryKey'>): string {
  return createSharedAccessSignature({
    resourceUri: `http://${host}/`,
    keyName: name,
    key: primaryKey.reveal(),
    expiresAtSeconds: Math.floor(Date.now() / 1000) + 3600,
    hmacSha256: (key, message) => createHmac('sha256', key).update(message).digest(),
  })
}
