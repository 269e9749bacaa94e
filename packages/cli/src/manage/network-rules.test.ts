import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import {
  createManagementClient,
  keepToken,
  type ManagementClient,
  signInWithClientCredentials,
} from '@postern/management'
import { startTestRelay } from '@postern/testkit'
import { networkRuleCommands } from './groups/network-rules.ts'

const subscriptionId = 'any'
const group = { subscriptionId, resourceGroupName: 'g' }
const params = { ...group, namespaceName: 'contoso' }

test('network rules that were changed since they were read are not overwritten; without such a change what is not named stays', async () => {
  await using relay = await startTestRelay()
  const { management: endpoint, caPem, bootstrapAdmin } = relay.relay
  // `fetch` has no option for it.
  setDefaultCACertificates([...getCACertificates('default'), caPem ?? ''])
  const { clientId = '', clientSecret } = bootstrapAdmin ?? {}
  const secret = clientSecret?.reveal() ?? ''
  const token = keepToken(() => signInWithClientCredentials({ endpoint, clientId, clientSecret: secret }))
  const other = createManagementClient({ endpoint, token })
  await other.call('ResourceGroups_CreateOrUpdate', { params: group, body: { location: 'home' } })
  await other.callAndWait('Namespaces_CreateOrUpdate', { params, body: { location: 'home' } })
  const deny = (ipMask: string): Promise<unknown> =>
    other.call('Namespaces_CreateOrUpdateNetworkRuleSet', {
      params,
      body: { properties: { defaultAction: 'Deny', ipRules: [{ ipMask, action: 'Allow' }] } },
    })
  const update = async (client: ManagementClient): Promise<void> => {
    const { does } = networkRuleCommands.find(({ words }) => words.endsWith(' update')) ?? {}
    assert.ok(typeof does === 'function')
    const values = { 'resource-group': 'g', 'namespace-name': 'contoso', 'ip-rules': ['192.0.2.0/24'] }
    await does({ client, values, subscriptionId, progress: () => {} })
  }
  const rules = async (): Promise<unknown> => {
    const { properties } = await other.call('Namespaces_GetNetworkRuleSet', { params })
    return [properties.defaultAction, properties.ipRules.map(({ ipMask }) => ipMask)]
  }
  await deny('10.0.0.0/8')
  const overtaken = createManagementClient({
    endpoint,
    token,
    fetch: async (url, request) => {
      const response = await fetch(url, request)
      if (request?.method === 'GET') await deny('198.51.100.7')
      return response
    },
  })
  await assert.rejects(update(overtaken), { code: 'PreconditionFailed', status: 412 })
  assert.deepEqual(await rules(), ['Deny', ['198.51.100.7']])
  await update(other)
  assert.deepEqual(await rules(), ['Deny', ['192.0.2.0/24']])
})
