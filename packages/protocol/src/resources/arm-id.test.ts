import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  appId,
  hybridConnectionId,
  hybridConnectionOfId,
  namespaceId,
  parseArmId,
  planId,
  scopeCovers,
} from './arm-id.ts'

const place = { subscriptionId: 'sub', resourceGroup: 'rg' }

test('an id that was made is read again', () => {
  assert.deepEqual(parseArmId(namespaceId(place, 'contoso')), {
    ...place,
    provider: 'Microsoft.Relay',
    path: ['namespaces', 'contoso'],
  })
  assert.deepEqual(parseArmId(hybridConnectionId(place, 'contoso', 'a/b'))?.path, [
    'namespaces',
    'contoso',
    'hybridConnections',
    'a/b',
  ])
  assert.deepEqual(parseArmId(`${hybridConnectionId(place, 'n', 'a/b')}/authorizationRules/r`)?.path.slice(3), [
    'a/b',
    'authorizationRules',
    'r',
  ])
  assert.equal(parseArmId(planId(place, 'p'))?.provider, 'Microsoft.Web')
  assert.deepEqual(parseArmId(appId(place, 'a', 's'))?.path, ['sites', 'a', 'slots', 's'])
  assert.deepEqual(parseArmId(appId(place, 'a'))?.path, ['sites', 'a'])
  assert.deepEqual(parseArmId('/subscriptions/sub'), { subscriptionId: 'sub', path: [] })
})

test('keywords are read in any case', () => {
  const text = '/SUBSCRIPTIONS/s/resourcegroups/r/Providers/microsoft.relay/Namespaces/n/hybridconnections/h'
  assert.deepEqual(hybridConnectionOfId(text), { subscriptionId: 's', resourceGroup: 'r', namespace: 'n', name: 'h' })
})

test('what is no id is undefined', () => {
  for (const text of ['', '/', 'subscriptions/s', '/subscriptions/', '/subscriptions/s/x/y', '/tenants/t']) {
    assert.equal(parseArmId(text), undefined, text)
  }
  assert.equal(parseArmId('/subscriptions/s/providers/P/a//b'), undefined)
  assert.equal(hybridConnectionOfId(namespaceId(place, 'n')), undefined)
  assert.equal(
    hybridConnectionOfId('/subscriptions/s/providers/Microsoft.Relay/namespaces/n/hybridConnections/h'),
    undefined,
  )
  assert.equal(hybridConnectionOfId(`${hybridConnectionId(place, 'n', 'h')}/authorizationRules/r`), undefined)
  assert.equal(hybridConnectionOfId('no id at all'), undefined)
  assert.equal(hybridConnectionOfId('/subscriptions/s'), undefined)
  assert.equal(hybridConnectionOfId(`${namespaceId(place, 'n')}/hybridConnections`), undefined)
  assert.equal(hybridConnectionOfId(hybridConnectionId(place, 'n', 'h').replace('Relay', 'Web')), undefined)
  assert.equal(hybridConnectionOfId(hybridConnectionId(place, 'n', 'h').replace('namespaces', 'spaces')), undefined)
})

test('a scope covers itself and what is below, by whole segments', () => {
  assert.equal(scopeCovers('/', '/subscriptions/a'), true)
  assert.equal(scopeCovers('/subscriptions/A/', '/Subscriptions/a'), true)
  assert.equal(scopeCovers('/subscriptions/a', '/subscriptions/a/resourceGroups/r'), true)
  assert.equal(scopeCovers('/subscriptions/a', '/subscriptions/ab'), false)
  assert.equal(scopeCovers('/subscriptions/a/resourceGroups/r', '/subscriptions/a'), false)
})

test('a hybrid connection whose name goes on behind a slash is another one, not below the first', () => {
  const entity = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Relay/namespaces/n/hybridConnections/a'
  assert.equal(scopeCovers(entity, `${entity}/b`), false)
  assert.equal(scopeCovers(`${entity}/`, `${entity.toUpperCase()}/b/c`), false)
  assert.equal(scopeCovers(entity, `${entity}/authorizationRules/r`), true)
  assert.equal(scopeCovers(`${entity}/b`, `${entity}/b/authorizationRules/r`), true)
  assert.equal(scopeCovers(entity, `${entity}/b/authorizationRules/r`), false)
  assert.equal(scopeCovers('/subscriptions/s/resourceGroups/g', `${entity}/b`), true)
})
