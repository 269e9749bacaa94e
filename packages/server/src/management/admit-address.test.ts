import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRelayError } from '@postern/protocol'
import { NetworkGuard } from '../domain/network-guard.ts'
import { admitAddress } from './admit-address.ts'
import { openArmBed } from './arm-calls.contract.ts'
import { RouteIndex } from './route-index.ts'
import { routeTable } from './route-table.ts'
import { putNamespace } from './web/web.contract.ts'

test('the management rules of a namespace hold for calls about it, and where its keys are used or asked for at an app', async () => {
  await using bed = await openArmBed()
  const { catalog } = bed.parts
  await putNamespace(bed.store, 'contoso')
  const namespace = catalog.namespaceByName('contoso')!
  const rules = [{ ipMask: '192.0.2.0/24' }]
  const network = { ...namespace.network, defaultActions: { manage: 'Deny' as const }, rules }
  await bed.store.put({ kind: 'namespace', value: { ...namespace, network } })
  const index = new RouteIndex(routeTable)
  const guard = new NetworkGuard()
  const isAdmitted = (method: string, path: string, address: string): boolean => {
    const match = index.find(method, path)
    assert.ok(typeof match === 'object' && 'route' in match, path)
    try {
      admitAddress({ catalog, guard }, match, address)
      return true
    } catch (error) {
      assert.ok(isRelayError(error, 'AddressNotAllowed'))
      return false
    }
  }
  const group = '/subscriptions/s/resourceGroups/g/providers'
  const attachment = `${group}/Microsoft.Web/sites/shop/hybridConnectionNamespaces/CONTOSO/relays/db`
  const refused = [
    ['GET', `${group}/Microsoft.Relay/namespaces/contoso`],
    ['GET', `${group}/Microsoft.Relay/namespaces/contoso/hybridConnections/db`],
    ['PUT', attachment],
    ['PATCH', attachment],
    ['POST', `${attachment}/listKeys`],
    ['POST', `${attachment}/listGatewayKeys`],
  ] as const
  for (const [method, path] of refused) {
    assert.equal(isAdmitted(method, path, '203.0.113.1'), false, `${method} ${path}`)
    assert.equal(isAdmitted(method, path, '192.0.2.1'), true, `${method} ${path}`)
  }
  const open = [
    ['GET', attachment],
    ['DELETE', attachment],
    ['PUT', attachment.replace('CONTOSO', 'other')],
    ['GET', `${group}/Microsoft.Web/sites/shop`],
  ] as const
  for (const [method, path] of open) assert.equal(isAdmitted(method, path, '203.0.113.1'), true, `${method} ${path}`)
})
