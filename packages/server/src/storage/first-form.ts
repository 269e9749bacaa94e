import { Secret } from '@postern/program'
import type { KeySealer } from './key-sealer.ts'

/**
 * Reads what release 0.1 wrote: keys of rules as bare texts, sealed to a place of another spelling. Whatever is not of that
 * form is given back as it is. The next write of the document puts it into today's form.
 */
export function openFirstForm(value: unknown, key: string, sealer: KeySealer): unknown {
  if (typeof value !== 'object' || value === null || !('rules' in value) || !Array.isArray(value.rules)) return value
  return { ...value, rules: value.rules.map((rule: unknown) => openRule(rule, key, sealer)) }
}

function openRule(rule: unknown, key: string, sealer: KeySealer): unknown {
  if (!isFirstForm(rule)) return rule
  const open = (sealed: string, which: string): Secret =>
    new Secret(() => sealer.open(sealed, `${key} rule ${rule.name} ${which} key`))
  return {
    ...rule,
    primaryKey: open(rule.primaryKey, 'primary'),
    secondaryKey: open(rule.secondaryKey, 'secondary'),
  }
}

interface FirstFormRule {
  readonly name: string
  readonly primaryKey: string
  readonly secondaryKey: string
}

function isFirstForm(rule: unknown): rule is FirstFormRule {
  if (typeof rule !== 'object' || rule === null) return false
  const texts = ['name', 'primaryKey', 'secondaryKey'].map((name) => (rule as Record<string, unknown>)[name])
  return texts.every((text) => typeof text === 'string')
}
