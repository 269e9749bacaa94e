/** Lengths in characters; where Azure's documentation is silent, what its portal takes. */
const namespaceNameLength = { min: 6, max: 50 } as const
const maxHybridConnectionNameLength = 260
const maxRuleNameLength = 256

/**
 * Says what is wrong with the name of a namespace, undefined when nothing is: letters, digits and hyphens, a letter
 * first, a letter or digit last, 6 to 50 characters (Microsoft.Relay, Namespaces).
 *
 * @param options.minLength for names that never leave this relay, such as `local`. Default 6.
 */
export function namespaceNameProblem(name: string, options: { readonly minLength?: number } = {}): string | undefined {
  const minLength = options.minLength ?? namespaceNameLength.min
  if (name.length < minLength || name.length > namespaceNameLength.max) {
    return `must have ${minLength} to ${namespaceNameLength.max} characters`
  }
  if (!/^[A-Za-z0-9-]+$/.test(name)) return 'may contain only letters, digits and hyphens'
  if (!/^[A-Za-z]/.test(name)) return 'must begin with a letter'
  return name.endsWith('-') ? 'must end with a letter or digit' : undefined
}

/**
 * Says what is wrong with the name of a hybrid connection, undefined when nothing is: 1 to 260 letters, digits, `.`,
 * `-`, `_`, and `/` between segments, a letter or digit first and last. Segments that URL libraries take away (empty, `.`,
 * `..`) are refused, because no client could ever ask for them, and so is what reads like a rule in an ARM id.
 */
export function hybridConnectionNameProblem(name: string): string | undefined {
  const problem = entityNameProblem(name, maxHybridConnectionNameLength)
  if (problem !== undefined) return problem
  if (/\/authorizationRules\//i.test(name))
    return 'may not contain "/authorizationRules/": what follows is a rule\'s name'
  const unreachable = name.split('/').find((segment) => segment === '' || segment === '.' || segment === '..')
  return unreachable === undefined ? undefined : 'may not contain empty, "." or ".." segments'
}

/** Says what is wrong with the name of an authorization rule, undefined when nothing is: as above, 1 to 256 characters. */
export function ruleNameProblem(name: string): string | undefined {
  return entityNameProblem(name, maxRuleNameLength)
}

function entityNameProblem(name: string, maxLength: number): string | undefined {
  if (name.length === 0 || name.length > maxLength) return `must have 1 to ${maxLength} characters`
  if (!/^[A-Za-z0-9._/-]+$/.test(name)) return 'may contain only letters, digits and the characters . - _ /'
  return /^[A-Za-z0-9](.*[A-Za-z0-9])?$/.test(name) ? undefined : 'must begin and end with a letter or digit'
}
