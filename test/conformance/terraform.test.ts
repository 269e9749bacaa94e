// What Terraform's azurerm sends for the resources that a relay has, in its order, with its versions and bodies.
// Source: terraform-provider-azurerm internal/services/{relay,appservice}, go-azure-sdk sdk/{environments,auth}.
import assert from 'node:assert/strict'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import { after, before, describe, it } from 'node:test'
import { startTestRelay, type TestRelay } from '@postern/testkit'
import { answer } from './http-client.ts'
import { type ManagementClient, managementClient } from './management-client.ts'

/** What tests read of answers: any member of anything. */
// oxlint-disable-next-line typescript/no-explicit-any
type Json = any

const tenant = '72f988bf-86f1-41af-91ab-2d7cd011db47'
const subscription = '/subscriptions/11111111-2222-3333-4444-555555555555'
const group = `${subscription}/resourceGroups/g1`
const namespace = `${group}/providers/Microsoft.Relay/namespaces/contoso1`
const entity = `${namespace}/hybridConnections/hc1`
const web = `${group}/providers/Microsoft.Web`
const ofRelay = '?api-version=2021-11-01'
const ofWeb = '?api-version=2023-12-01'

describe('the calls of terraform-provider-azurerm', () => {
  let relay: TestRelay
  let metadata: Json
  let client: ManagementClient

  const send = async (url: string, options: RequestOptions = {}, body?: string): Promise<Json> => {
    const request = httpsRequest(url, { ca: relay.relay.caPem ?? '', agent: false, ...options })
    request.end(body)
    const got = await answer(request)
    assert.equal(got.status, 200, got.body.toString())
    return JSON.parse(got.body.toString())
  }

  /** As auth.clientCredentialsToken builds it, for a resource of the cloud. */
  const getToken = async (resource: string): Promise<string> => {
    const form = new URLSearchParams({
      client_id: relay.relay.bootstrapAdmin!.clientId,
      client_secret: relay.relay.bootstrapAdmin!.clientSecret.reveal(),
      grant_type: 'client_credentials',
      scope: `${resource}/.default`,
    })
    const headers = { Accept: 'application/json', 'Content-Type': 'application/x-www-form-urlencoded' }
    const url = `${metadata.authentication.loginEndpoint}/${tenant}/oauth2/v2.0/token`
    return (await send(url, { method: 'POST', headers }, form.toString())).access_token
  }

  before(async () => {
    relay = await startTestRelay({ resources: { namespaces: [] } })
  })

  after(async () => {
    await relay[Symbol.asyncDispose]()
  })

  it('the metadata host describes a cloud that azurerm takes', async () => {
    metadata = await send(`${relay.relay.management}/metadata/endpoints?api-version=2022-09-01`)
    // Anything else is Azure Stack, which azurerm refuses.
    assert.deepEqual([metadata.authentication.identityProvider, metadata.authentication.tenant], ['AAD', 'common'])
    assert.notEqual(metadata.name, 'AzureStackCloud')
    for (const name of ['name', 'resourceManager', 'microsoftGraphResourceId']) assert.ok(metadata[name], name)
    for (const name of ['keyVaultDns', 'storage']) assert.ok(metadata.suffixes[name], name)
  })

  it('its credentials get tokens for what it makes authorizers of, with the claims that it reads', async () => {
    const { resourceManager, microsoftGraphResourceId, batch, suffixes } = metadata
    for (const resource of [resourceManager, microsoftGraphResourceId, batch, `https://${suffixes.keyVaultDns}`]) {
      const token = await getToken(resource)
      const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
      assert.equal(claims.appid, relay.relay.bootstrapAdmin!.clientId)
      assert.ok(claims.oid && claims.tid)
    }
    client = managementClient(relay, await getToken(metadata.resourceManager))
  })

  it('azurerm_resource_group is made and read', async () => {
    const url = `${group}?api-version=2023-07-01`
    assert.equal((await client.call('GET', url)).status, 404)
    assert.equal((await client.call('PUT', url, { location: 'westus2', tags: {} })).status, 201)
    assert.equal((await client.done('GET', url)).location, 'westus2')
  })

  it('azurerm_relay_namespace is looked for, made, polled at a pace, read with its root keys, and updated', async () => {
    const url = `${namespace}${ofRelay}`
    const sku = { name: 'Standard', tier: 'Standard' }
    const wanted = { location: 'westus2', properties: {}, sku, tags: { a: 'b' } }
    assert.equal((await client.call('GET', url)).status, 404)
    const made = await client.call('PUT', url, wanted)
    assert.deepEqual([made.status, made.json.properties.provisioningState], [200, 'Created'])
    assert.equal(made.headers['retry-after'], '1', 'without it the next look comes after 10 s')
    const read = await client.done('GET', url)
    assert.equal(read.properties.provisioningState, 'Succeeded')
    assert.deepEqual([read.location, read.sku, read.tags], ['westus2', sku, { a: 'b' }])
    assert.equal(read.properties.metricId, '11111111-2222-3333-4444-555555555555:contoso1')
    const root = `${namespace}/authorizationRules/RootManageSharedAccessKey`
    const keys = await client.done('POST', `${root}/listKeys${ofRelay}`)
    assert.ok(keys.primaryConnectionString && keys.secondaryConnectionString && keys.primaryKey && keys.secondaryKey)
    const updated = await client.call('PUT', url, { ...wanted, tags: {} })
    assert.deepEqual([updated.status, updated.json.properties.provisioningState], [200, 'Succeeded'])
  })

  it('azurerm_relay_hybrid_connection and both kinds of rules are made and read', async () => {
    const properties = {
      requiresClientAuthorization: true,
      userMetadata: '[{"key":"endpoint","value":"db.local:1433"}]',
    }
    assert.equal((await client.call('GET', `${entity}${ofRelay}`)).status, 404)
    assert.equal((await client.call('PUT', `${entity}${ofRelay}`, { properties })).status, 200)
    const read = await client.done('GET', `${entity}${ofRelay}`)
    assert.equal(read.properties.userMetadata, properties.userMetadata)
    for (const owner of [namespace, entity]) {
      const rule = `${owner}/authorizationRules/sender`
      assert.equal((await client.call('GET', `${rule}${ofRelay}`)).status, 404)
      assert.equal((await client.call('PUT', `${rule}${ofRelay}`, { properties: { rights: ['Send'] } })).status, 200)
      assert.deepEqual((await client.done('GET', `${rule}${ofRelay}`)).properties.rights, ['Send'])
      assert.ok((await client.done('POST', `${rule}/listKeys${ofRelay}`)).primaryKey)
    }
  })

  it('azurerm_web_app_hybrid_connection is made of an address, an endpoint and a key', async () => {
    const plan = `${web}/serverFarms/plan1`
    const planBody = {
      kind: 'Linux',
      location: 'westus2',
      properties: { reserved: true },
      sku: { name: 'S1', capacity: 1 },
    }
    assert.equal((await client.call('PUT', `${plan}${ofWeb}`, planBody)).status, 200)
    const site = { location: 'westus2', properties: { serverFarmId: plan } }
    assert.equal((await client.call('PUT', `${web}/sites/app1${ofWeb}`, site)).status, 200)
    const url = `${web}/sites/app1/hybridConnectionNamespaces/contoso1/relays/hc1${ofWeb}`
    assert.equal((await client.call('GET', url)).status, 404)
    // The rule is looked for at the namespace first.
    const root = `${namespace}/authorizationRules/RootManageSharedAccessKey`
    const { primaryKey } = await client.done('POST', `${root}/listKeys${ofRelay}`)
    const properties = {
      hostname: 'db.local',
      port: 1433,
      relayArmUri: entity,
      sendKeyName: 'RootManageSharedAccessKey',
      sendKeyValue: primaryKey,
    }
    assert.equal((await client.call('PUT', url, { properties })).status, 200)
    const read = await client.done('GET', url)
    const { relayArmUri, hostname, port, sendKeyName, serviceBusNamespace, serviceBusSuffix } = read.properties
    assert.deepEqual(
      [relayArmUri, hostname, port, sendKeyName, serviceBusNamespace],
      [entity, 'db.local', 1433, 'RootManageSharedAccessKey', 'contoso1'],
    )
    assert.ok(serviceBusSuffix)
    // An update sends what was read, changed.
    const moved = { ...read, properties: { ...read.properties, port: 1434 } }
    assert.equal((await client.call('PUT', url, moved)).json.properties.port, 1434)
    assert.equal((await client.call('DELETE', url)).status, 200)
    assert.equal((await client.call('GET', url)).status, 404)
  })

  it('what is destroyed is gone when it is looked for', async () => {
    for (const [url, statuses] of [
      [`${web}/sites/app1${ofWeb}`, [200, 204]],
      [`${web}/serverFarms/plan1${ofWeb}`, [200, 204]],
      [`${entity}/authorizationRules/sender${ofRelay}`, [200, 204]],
      [`${entity}${ofRelay}`, [200, 204]],
      [`${namespace}${ofRelay}`, [200, 202, 204]],
      [`${group}?api-version=2023-07-01`, [200, 202]],
    ] as const) {
      const { status } = await client.call('DELETE', url)
      assert.ok(
        statuses.some((known) => known === status),
        `${url}: ${status}`,
      )
      assert.equal((await client.call('GET', url)).status, 404, url)
    }
  })
})
