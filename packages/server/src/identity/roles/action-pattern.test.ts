import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ActionMatcher, actionPatternProblem } from './action-pattern.ts'
import { builtInRoles } from './built-in-roles.ts'

const nothing = { actions: [], notActions: [], dataActions: [], notDataActions: [] }

test('a wild card stands for anything, slashes included; everything else for itself', () => {
  const matcher = new ActionMatcher([{ ...nothing, actions: ['Microsoft.Relay/*/read', 'a.b/c'] }])
  for (const [action, allowed] of [
    ['Microsoft.Relay/namespaces/read', true],
    ['microsoft.relay/namespaces/hybridConnections/READ', true],
    ['Microsoft.Relay/read', false],
    ['Microsoft.RelayX/namespaces/read', false],
    ['Microsoft.Relay/namespaces/read/action', false],
    ['aXb/c', false],
    ['a.b/c', true],
  ] as const) {
    assert.equal(matcher.allows('action', action), allowed, action)
    assert.equal(matcher.allows('dataAction', action), false)
  }
})

test('what one permission takes out, another one may give', () => {
  const matcher = new ActionMatcher([
    { ...nothing, actions: ['*'], notActions: ['x/write'] },
    { ...nothing, actions: ['x/write'] },
  ])
  assert.equal(matcher.allows('action', 'x/write'), true)
})

test('patterns of strangers stay cheap', () => {
  assert.equal(actionPatternProblem('Microsoft.Relay/*/read'), undefined)
  assert.match(actionPatternProblem('') ?? '', /1 to 256/)
  assert.match(actionPatternProblem('*'.repeat(9)) ?? '', /wild cards/)
  assert.match(actionPatternProblem('a b') ?? '', /only letters/)
  for (const role of builtInRoles) {
    const { actions, notActions, dataActions, notDataActions } = role.permissions[0]!
    for (const pattern of [...actions, ...notActions, ...dataActions, ...notDataActions]) {
      assert.equal(actionPatternProblem(pattern), undefined)
    }
  }
})
