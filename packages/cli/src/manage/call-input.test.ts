import assert from 'node:assert/strict'
import { test } from 'node:test'
import { operationTable } from '@postern/management'
import { callInput, idParameters } from './call-input.ts'
import type { ManagedCommand } from './managed-command.ts'

test('flags go where their rows say: path, query, members of the body beside those that are always there', () => {
  const command: ManagedCommand = {
    words: 'x y',
    summary: '',
    does: 'Tenants_List',
    body: { properties: { fixed: 1 }, kind: 'k' },
    flags: [
      { long: 'name', help: '', to: 'path.thingName' },
      { long: 'filter', help: '', to: 'query.$filter' },
      { long: 'deep', help: '', to: 'body.properties.a.b' },
      { long: 'unset', help: '', to: 'body.unset' },
      { long: 'own', help: '', to: 'run' },
    ],
    examples: [],
  }
  assert.deepEqual(callInput(command, { name: 'n', filter: 'f', deep: false, own: 'o' }), {
    params: { thingName: 'n' },
    query: { $filter: 'f' },
    body: { properties: { fixed: 1, a: { b: false } }, kind: 'k' },
  })
  assert.equal(callInput({ ...command, body: {} }, {}).body instanceof Object, true)
  const { body: _, ...without } = command
  assert.equal(callInput(without, {}).body, undefined)
})

test('an id gives the parameters of its operation, in any case, and of what is done to it', () => {
  const id = '/subscriptions/s/resourcegroups/g/providers/microsoft.relay/namespaces/n'
  const params = { subscriptionId: 's', resourceGroupName: 'g', namespaceName: 'n' }
  assert.deepEqual(idParameters(operationTable.Namespaces_Get, id), params)
  const rule = { ...params, authorizationRuleName: 'r' }
  assert.deepEqual(idParameters(operationTable.Namespaces_ListKeys, `${id}/authorizationRules/r/`), rule)
  for (const wrong of [`${id}/hybridConnections/h`, '/subscriptions/s', '', 'n', id.replace('/n', '/'), `x${id}`]) {
    assert.throws(() => idParameters(operationTable.Namespaces_Get, wrong), { code: 'InvalidConfiguration' }, wrong)
  }
})
