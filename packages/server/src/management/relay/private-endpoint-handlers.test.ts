import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contoso, declare, openRelayBed, version } from './relay-calls.contract.ts'

const connection = `${contoso}/privateEndpointConnections/pe.1`
const url = connection + version
const endpointId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/privateEndpoints/pe'
const body = { properties: { privateEndpoint: { id: endpointId } } }

test('a private endpoint connection is made as pending, approved, listed, deleted once', async () => {
  await using bed = await openRelayBed()
  const made = await bed.call('PUT', url, { body })
  assert.equal(made.status, 201)
  assert.deepEqual(made.json, {
    id: connection,
    name: 'pe.1',
    type: 'Microsoft.Relay/Namespaces/PrivateEndpointConnections',
    location: 'West US 2',
    properties: {
      privateEndpoint: { id: endpointId },
      privateLinkServiceConnectionState: { status: 'Pending', description: '' },
      provisioningState: 'Succeeded',
    },
  })
  const state = { status: 'Approved', description: 'by me' }
  const approved = await bed.call('PUT', `${connection.toUpperCase()}${version}`, {
    body: { properties: { privateLinkServiceConnectionState: state } },
  })
  assert.equal(approved.status, 200)
  assert.deepEqual(approved.json.properties.privateLinkServiceConnectionState, state)
  assert.deepEqual([approved.json.name, approved.json.properties.privateEndpoint.id], ['pe.1', endpointId])
  assert.deepEqual((await bed.call('GET', url)).json, approved.json)
  assert.deepEqual((await bed.call('GET', `${contoso}/privateEndpointConnections${version}`)).json, {
    value: [approved.json],
  })
  assert.deepEqual((await bed.call('GET', contoso + version)).json.properties.privateEndpointConnections, [
    approved.json,
  ])
  assert.equal((await bed.call('DELETE', url)).status, 200)
  assert.equal((await bed.call('DELETE', url)).status, 204)
  assert.deepEqual((await bed.call('GET', url)).json.error.code, 'ResourceNotFound')
})

test('what is none, too many, elsewhere or declared is refused', async () => {
  await using bed = await openRelayBed()
  const code = async (target: string, content: unknown, headers = {}) => {
    const { status, json } = await bed.call('PUT', target, { body: content, headers })
    return [status, json.error?.code]
  }
  assert.deepEqual(await code(url, {}), [400, 'InvalidRequestContent'])
  assert.deepEqual(await code(`${contoso}/privateEndpointConnections/a%20b${version}`, body), [
    400,
    'InvalidRequestContent',
  ])
  const wrong = { properties: { ...body.properties, privateLinkServiceConnectionState: { status: 'Maybe' } } }
  assert.deepEqual(await code(url, wrong), [400, 'InvalidRequestContent'])
  assert.deepEqual(await code(url, body, { 'if-match': '*' }), [412, 'PreconditionFailed'])
  assert.deepEqual(await code(url.replace('/s/', '/t/'), body), [404, 'ParentResourceNotFound'])
  for (let at = 0; at < 100; at += 1) {
    assert.deepEqual(await code(`${contoso}/privateEndpointConnections/p${at}${version}`, body), [201, undefined])
  }
  assert.deepEqual(await code(url, body), [403, 'QuotaExceeded'])
  assert.deepEqual(await code(`${contoso}/privateEndpointConnections/p7${version}`, body), [200, undefined])
  await declare(bed, 'ns/contoso')
  assert.deepEqual(await code(url, body), [409, 'Conflict'])
  assert.equal((await bed.call('DELETE', `${contoso}/privateEndpointConnections/p7${version}`)).status, 409)
})

test('a private endpoint can lead to the namespace and to nothing else', async () => {
  await using bed = await openRelayBed()
  const { json } = await bed.call('GET', `${contoso}/privateLinkResources${version}`)
  assert.deepEqual(json.value, [
    {
      id: `${contoso}/privateLinkResources/namespace`,
      name: 'namespace',
      type: 'Microsoft.Relay/Namespaces/PrivateLinkResources',
      properties: {
        groupId: 'namespace',
        requiredMembers: ['namespace'],
        requiredZoneNames: ['privatelink.relay.test'],
      },
    },
  ])
  assert.deepEqual((await bed.call('GET', `${contoso}/privateLinkResources/Namespace${version}`)).json, json.value[0])
  assert.equal(
    (await bed.call('GET', `${contoso}/privateLinkResources/x${version}`)).json.error.code,
    'ResourceNotFound',
  )
})
