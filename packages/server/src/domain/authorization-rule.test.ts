import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '@postern/program'
import { findRule, keyProblem, maxRules, ruleProblem, rulesProblem, withRule } from './authorization-rule.ts'

test('a rule needs a name, a right, and Listen and Send beside Manage', () => {
  const problem = (name: string, ...rights: Parameters<typeof ruleProblem>[0]['rights']) =>
    ruleProblem({ name, rights })
  assert.equal(problem('r', 'Send'), undefined)
  assert.equal(problem('r', 'Manage', 'Send', 'Listen'), undefined)
  assert.match(problem('r') ?? '', /at least one right/)
  assert.match(problem('r', 'Manage', 'Send') ?? '', /Manage comes only together/)
  assert.match(problem('a b', 'Send') ?? '', /^The name of a rule may contain only/)
})

test('a key is what a header and a connection string can hold, and what is wrong is said without it', () => {
  for (const fine of ['k', 'a'.repeat(256), 'Th9is3is8a82lot93of3774stu887ff122235=', '!~<:']) {
    assert.equal(keyProblem(fine), undefined, fine)
  }
  for (const bad of ['', 'a'.repeat(257), 'se cret', 'se;cret', 'secret\n', 'sécret', 'secret\u007f', '\u0000']) {
    assert.match(keyProblem(bad) ?? '', /^must have 1 to 256 printable ASCII characters/)
  }
  const rule = { name: 'r', rights: ['Send'], secondaryKey: new Secret('se cret') } as const
  assert.doesNotMatch(ruleProblem(rule) ?? '', /se cret/)
  assert.match(ruleProblem(rule) ?? '', /^A key must have/)
})

test('a list of rules has each name once and at most 12', () => {
  const rules = Array.from({ length: maxRules + 1 }, (_, at) => ({ name: `r${at}`, rights: ['Send'] as const }))
  assert.match(rulesProblem(rules) ?? '', /at most 12/)
  assert.equal(rulesProblem(rules.slice(1)), undefined)
  assert.match(rulesProblem([...rules.slice(0, 1), { name: 'R0', rights: ['Send'] }]) ?? '', /once/)
  assert.match(rulesProblem([{ name: 'r', rights: [] }]) ?? '', /at least one right/)
})

test('a changed rule keeps its place, its spelling and the keys that are not given', () => {
  const [first] = withRule([], { name: 'First', rights: ['Send', 'Listen'] })
  const rules = withRule([first!], { name: 'second', rights: ['Send'] })
  const given = new Secret('given')
  const changed = withRule(rules, { name: 'FIRST', rights: ['Send'], secondaryKey: given })
  assert.deepEqual(
    changed.map(({ name, rights }) => [name, rights]),
    [
      ['First', ['Send']],
      ['second', ['Send']],
    ],
  )
  assert.equal(findRule(changed, 'first')?.primaryKey.reveal(), first!.primaryKey.reveal())
  assert.equal(findRule(changed, 'first')?.secondaryKey, given)
  assert.deepEqual(first!.rights, ['Listen', 'Send'])
})
