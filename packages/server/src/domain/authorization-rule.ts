import type { Secret } from '@postern/program'
import { type Right, rights, ruleNameProblem } from '@postern/protocol'
import { generateKey } from './generate-key.ts'

/** Named rights with two keys; a shared access signature made with either key carries the rule's rights. */
export interface AuthorizationRule {
  readonly name: string
  /** At least one; Manage always comes together with Listen and Send. */
  readonly rights: readonly Right[]
  readonly primaryKey: Secret
  readonly secondaryKey: Secret
}

/** The rule with all rights that every namespace of Azure begins with. */
export const rootRuleName = 'RootManageSharedAccessKey'

/** Rules of one namespace, or of one hybrid connection. */
export const maxRules = 12

/** A rule as somebody asks for it; keys that are left out are kept, or made. */
export interface WantedRule {
  readonly name: string
  readonly rights: readonly Right[]
  readonly primaryKey?: Secret | undefined
  readonly secondaryKey?: Secret | undefined
}

/** Says what is wrong with a rule that somebody asks for, undefined when nothing is. Never repeats a key. */
export function ruleProblem({ name, rights, primaryKey, secondaryKey }: WantedRule): string | undefined {
  const nameProblem = ruleNameProblem(name)
  if (nameProblem !== undefined) return `The name of a rule ${nameProblem}`
  if (rights.length === 0) return 'A rule needs at least one right: Listen, Send or Manage'
  if (rights.includes('Manage') && !(rights.includes('Listen') && rights.includes('Send'))) {
    return 'Manage comes only together with Listen and Send: name all three rights'
  }
  const problem = [primaryKey, secondaryKey].map((key) => key && keyProblem(key.reveal())).find((text) => text)
  return problem === undefined ? undefined : `A key ${problem}`
}

/** Says what is wrong with a whole list of rules that somebody asks for, undefined when nothing is. */
export function rulesProblem(rules: readonly WantedRule[]): string | undefined {
  if (rules.length > maxRules) return `There can be at most ${maxRules} rules`
  const names = new Set(rules.map(({ name }) => name.toLowerCase()))
  if (names.size < rules.length) return 'Each rule can be named once, in upper or lower case'
  return rules.map(ruleProblem).find((problem) => problem !== undefined)
}

/** Says what is wrong with a key that somebody chose, undefined when nothing is. Never repeats the key. */
export function keyProblem(key: string): string | undefined {
  return keyPattern.test(key) ? undefined : 'must have 1 to 256 printable ASCII characters without spaces and ";"'
}

/** It goes into headers and connection strings as it is. Azure's own examples are no base64 either. */
const keyPattern = /^[!-:<-~]{1,256}$/

/** Puts a rule into a list: the keys of one that stands there are kept unless new ones are given. */
export function withRule(rules: readonly AuthorizationRule[], wanted: WantedRule): readonly AuthorizationRule[] {
  const standing = findRule(rules, wanted.name)
  const rule: AuthorizationRule = {
    name: standing?.name ?? wanted.name,
    rights: rights.filter((right) => wanted.rights.includes(right)),
    primaryKey: wanted.primaryKey ?? standing?.primaryKey ?? generateKey(),
    secondaryKey: wanted.secondaryKey ?? standing?.secondaryKey ?? generateKey(),
  }
  return standing ? rules.map((each) => (each === standing ? rule : each)) : [...rules, rule]
}

/** Finds a rule by the `skn` of a token: names are compared without regard to case (observed). */
export function findRule(rules: readonly AuthorizationRule[], name: string): AuthorizationRule | undefined {
  const wanted = name.toLowerCase()
  return rules.find((rule) => rule.name.toLowerCase() === wanted)
}
