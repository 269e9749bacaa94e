import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hybridConnectionNameProblem, namespaceNameProblem, ruleNameProblem } from './names.ts'

test('a namespace name has 6 to 50 letters, digits and hyphens, a letter first, no hyphen last', () => {
  for (const good of ['contoso', 'a12345', 'Con-toso-1', 'a'.repeat(50)])
    assert.equal(namespaceNameProblem(good), undefined)
  assert.equal(namespaceNameProblem('local'), 'must have 6 to 50 characters')
  assert.equal(namespaceNameProblem('a'.repeat(51)), 'must have 6 to 50 characters')
  assert.equal(namespaceNameProblem('con_toso'), 'may contain only letters, digits and hyphens')
  assert.equal(namespaceNameProblem('contoso\n'), 'may contain only letters, digits and hyphens')
  assert.equal(namespaceNameProblem('1contoso'), 'must begin with a letter')
  assert.equal(namespaceNameProblem('contoso-'), 'must end with a letter or digit')
})

test('a namespace that never leaves this relay may have a short name', () => {
  assert.equal(namespaceNameProblem('local', { minLength: 1 }), undefined)
  assert.equal(namespaceNameProblem('', { minLength: 1 }), 'must have 1 to 50 characters')
})

test('a hybrid connection name has letters, digits, dots, hyphens, underscores, and slashes between segments', () => {
  for (const good of ['h', 'hyco', 'a1.linux', 'sub/Web_1-x.y', '0', 'a'.repeat(260)]) {
    assert.equal(hybridConnectionNameProblem(good), undefined, good)
  }
  assert.equal(hybridConnectionNameProblem(''), 'must have 1 to 260 characters')
  assert.equal(hybridConnectionNameProblem('a'.repeat(261)), 'must have 1 to 260 characters')
  for (const bad of ['a b', 'a%2Fb', 'a?b', '$hc', 'ü', 'a\r\nb', 'a\n']) {
    assert.equal(hybridConnectionNameProblem(bad), 'may contain only letters, digits and the characters . - _ /', bad)
  }
  for (const bad of ['/a', 'a/', '.a', 'a-', '_']) {
    assert.equal(hybridConnectionNameProblem(bad), 'must begin and end with a letter or digit', bad)
  }
  for (const bad of ['a//b', 'a/./b', 'a/../b']) {
    assert.equal(hybridConnectionNameProblem(bad), 'may not contain empty, "." or ".." segments', bad)
  }
})

test('a rule name has 1 to 256 of the same characters', () => {
  assert.equal(ruleNameProblem('RootManageSharedAccessKey'), undefined)
  assert.equal(ruleNameProblem('a'.repeat(257)), 'must have 1 to 256 characters')
  assert.equal(ruleNameProblem('a&skn=b'), 'may contain only letters, digits and the characters . - _ /')
})

test('no hybrid connection is called like a rule of another one: a role at that one would hold for both', () => {
  for (const bad of ['a/authorizationRules/b', 'a/b/AUTHORIZATIONRULES/c']) {
    assert.match(hybridConnectionNameProblem(bad) ?? '', /authorizationRules/, bad)
  }
  for (const good of ['authorizationRules', 'authorizationRules/a', 'a/authorizationRules']) {
    assert.equal(hybridConnectionNameProblem(good), undefined, good)
  }
})
