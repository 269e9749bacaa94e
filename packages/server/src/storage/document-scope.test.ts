import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assignmentsUnder } from './document-scope.ts'
import type { StoredDocument } from './resource-store.ts'

const namespace = '/subscriptions/S/resourceGroups/g/providers/Microsoft.Relay/namespaces/contoso'

function assignmentAt(scope: string): StoredDocument<'roleAssignment'> {
  const dates = { createdAt: new Date(0), updatedAt: new Date(0) }
  const value = {
    id: scope,
    scope,
    roleDefinitionId: 'r',
    principalId: 'p',
    principalType: 'User',
    createdBy: 'x',
  } as const
  return { key: scope, revision: '1', document: { kind: 'roleAssignment', value: { ...value, ...dates } } }
}

function under(scope: string, scopes: readonly string[]): readonly string[] {
  return assignmentsUnder([scope], scopes.map(assignmentAt)).map(({ key }) => key)
}

test('what is assigned at an id and below ends with it, in any case; what is above, beside and longer in name does not', () => {
  const ended = [namespace, `${namespace.toUpperCase()}/`, `${namespace}/hybridConnections/db`]
  const staying = ['/', '/subscriptions/S', '/subscriptions/S/resourceGroups/g', `${namespace}2`]
  assert.deepEqual(under(namespace, [...staying, ...ended]), ended)
})

test('a hybrid connection whose name begins with that of another is not below it', () => {
  const site = `${namespace}/hybridConnections/Site`
  const ended = [site, `${site.toLowerCase()}/`, `${site}/authorizationRules/r`]
  assert.deepEqual(under(site, [`${site}/web`, ...ended, `${site}s`]), ended)
  assert.deepEqual(under(`${site}/web`, [site, `${site}/web`, `${site}/web/2`]), [`${site}/web`])
})

test('of many ids each takes its own along', () => {
  const scopes = [`${namespace}/hybridConnections/a`, `${namespace}2`, '/subscriptions/T/resourceGroups/g']
  const ended = [...scopes, `${namespace}2/hybridConnections/a`]
  const staying = [namespace, `${namespace}/hybridConnections/b`, `${namespace}/hybridConnections/a/b`]
  const stored = [...ended, ...staying].map(assignmentAt)
  assert.deepEqual(
    assignmentsUnder(scopes, stored).map(({ key }) => key),
    ended,
  )
  assert.deepEqual(assignmentsUnder([], stored), [])
})
