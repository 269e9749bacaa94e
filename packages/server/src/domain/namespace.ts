import type { AuthorizationRule } from './authorization-rule.ts'

/** A tenant's container of hybrid connections with its own host names. */
export interface Namespace {
  /** 6-50 characters in ARM; a resources file may use shorter ones. Compared in lower case. */
  readonly name: string
  /** Host names besides `{name}.{baseDomain}`, lower case, without port. */
  readonly hosts: readonly string[]
  /** Answers for every host that no other namespace names (localhost, addresses, bare machine names). */
  readonly isDefault: boolean
  readonly rules: readonly AuthorizationRule[]
  readonly createdAt: Date
  readonly updatedAt: Date
}
