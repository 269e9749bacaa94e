/**
 * Says what is wrong with a namespace name, or undefined: 6-50 letters, digits and hyphens, a letter first, a letter or
 * digit last. `minLength` is 1 where Azure's own limit does not matter, as in a resources file.
 */
export function namespaceNameProblem(name: string, options: { readonly minLength?: number } = {}): string | undefined {
  const minLength = options.minLength ?? 6
  if (name.length < minLength || name.length > 50) return `must have ${minLength} to 50 characters`
  if (!/^[A-Za-z]/.test(name)) return 'must begin with a letter'
  if (!/[A-Za-z0-9]$/.test(name)) return 'must end with a letter or digit'
  return /^[A-Za-z0-9-]+$/.test(name) ? undefined : 'may have letters, digits and hyphens only'
}

/** Says what is wrong with a hybrid connection's name, or undefined: 1-260 characters, `/` separates segments. */
export function hybridConnectionNameProblem(name: string): string | undefined {
  if (name.length < 1 || name.length > 260) return 'must have 1 to 260 characters'
  if (name.toLowerCase().startsWith('$hc')) return 'must not begin with $hc'
  return entityNameProblem(name, /^[A-Za-z0-9._/-]+$/, 'may have letters, digits, ".", "-", "_" and "/" only')
}

/** Says what is wrong with an authorization rule's name, or undefined: 1-256 characters. */
export function ruleNameProblem(name: string): string | undefined {
  if (name.length < 1 || name.length > 256) return 'must have 1 to 256 characters'
  return entityNameProblem(name, /^[A-Za-z0-9._-]+$/, 'may have letters, digits, ".", "-" and "_" only')
}

function entityNameProblem(name: string, allowed: RegExp, rule: string): string | undefined {
  if (!/^[A-Za-z0-9]/.test(name)) return 'must begin with a letter or digit'
  if (!/[A-Za-z0-9]$/.test(name)) return 'must end with a letter or digit'
  if (name.includes('//')) return 'must not have an empty segment'
  if (/(^|\/)\.{1,2}(\/|$)/.test(name)) return 'must not have "." or ".." as a segment'
  return allowed.test(name) ? undefined : rule
}
