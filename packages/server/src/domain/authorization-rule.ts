import type { Secret } from '@postern/program'
import type { Right } from '@postern/protocol'

/** Named rights with two keys; a shared access signature made with either key carries the rule's rights. */
export interface AuthorizationRule {
  readonly name: string
  /** At least one; Manage always comes together with Listen and Send. */
  readonly rights: readonly Right[]
  readonly primaryKey: Secret
  readonly secondaryKey: Secret
}

/** Finds a rule by the `skn` of a token: names are compared without regard to case (observed). */
export function findRule(rules: readonly AuthorizationRule[], name: string): AuthorizationRule | undefined {
  const wanted = name.toLowerCase()
  return rules.find((rule) => rule.name.toLowerCase() === wanted)
}
