// `az rest` and curl with the example of Microsoft's page about App Service Hybrid Connections.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startTestRelay, type TestRelay } from '@postern/testkit'
import { AzureCli, type Json } from './azure-cli.ts'
import { openPythonEnvironment, type PythonEnvironment } from './python-environment.ts'

const environment = await openPythonEnvironment()
const skip = typeof environment === 'string' ? environment : false

const subscription = '/subscriptions/ebcidic-asci-anna-nath-rak1111111'
const site = `${subscription}/resourceGroups/myapp-rg/providers/Microsoft.Web/sites/myhcdemoapp`
const attachment = `${site}/hybridConnectionNamespaces/demo-relay/relays/relay-demo-hc?api-version=2016-08-01`
/** Braces that the text of the page has lost are back; the rest is the page's, byte for byte. */
const hctest = fileURLToPath(new URL('../conformance/hctest.json', import.meta.url))

describe("the page's hctest.json", { skip }, () => {
  let relay: TestRelay
  let az: AzureCli
  const rest = (method: string, url: string, body?: unknown): Promise<Json> =>
    az.run('rest', '--method', method, '--url', url, ...(body === undefined ? [] : ['--body', JSON.stringify(body)]))

  before(async () => {
    relay = await startTestRelay({ resources: { namespaces: [] } })
    const { clientId, clientSecret } = relay.relay.bootstrapAdmin!
    az = new AzureCli(environment as PythonEnvironment, relay.relay)
    await az.signIn(relay.relay, { clientId, secret: clientSecret.reveal() })
    const location = 'North Central US'
    for (const group of ['myrelay-rg', 'myapp-rg']) {
      await rest('put', `${subscription}/resourceGroups/${group}?api-version=2021-04-01`, { location })
    }
    const namespace = `${subscription}/resourceGroups/myrelay-rg/providers/Microsoft.Relay/namespaces/demo-relay`
    await rest('put', `${namespace}?api-version=2017-04-01`, { location })
    const entity = `${namespace}/hybridConnections/relay-demo-hc`
    const userMetadata = '[{"key":"endpoint","value":"my-wkstn.home:1433"}]'
    await rest('put', `${entity}?api-version=2017-04-01`, { properties: { userMetadata } })
    const rule = `${entity}/authorizationRules/defaultSender`
    await rest('put', `${rule}?api-version=2017-04-01`, { properties: { rights: ['Send'] } })
    const { properties } = JSON.parse(readFileSync(hctest, 'utf8'))
    const key = { keyType: 'PrimaryKey', key: properties.sendKeyValue }
    await rest('post', `${rule}/regenerateKeys?api-version=2017-04-01`, key)
    const plan = `${subscription}/resourceGroups/myapp-rg/providers/Microsoft.Web/serverfarms/plan`
    await rest('put', `${plan}?api-version=2016-09-01`, { location, sku: { name: 'B1' } })
    await rest('put', `${site}?api-version=2016-08-01`, { location, properties: { serverFarmId: plan } })
  })

  after(async () => {
    az[Symbol.dispose]()
    await relay[Symbol.asyncDispose]()
  })

  const assertAttached = ({ name, properties }: Json): void => {
    const { serviceBusNamespace, relayName, hostname, port, sendKeyName, sendKeyValue } = properties
    assert.deepEqual(
      { name, serviceBusNamespace, relayName, hostname, port, sendKeyName, sendKeyValue },
      {
        name: 'relay-demo-hc',
        serviceBusNamespace: 'demo-relay',
        relayName: 'relay-demo-hc',
        hostname: 'my-wkstn.home',
        port: 1433,
        sendKeyName: 'defaultSender',
        sendKeyValue: '',
      },
    )
  }

  it('attaches a hybrid connection when az rest puts it to the address of the page', async () => {
    assertAttached(await az.run('rest', '--method', 'put', '--url', attachment, '--body', `@${hctest}`))
    const { value } = await rest('get', `${site}/hybridConnectionRelays?api-version=2016-08-01`)
    assert.equal(value.length, 1)
    assertAttached(value[0])
    await rest('delete', attachment)
    await assert.rejects(rest('get', attachment), /ResourceNotFound/)
  })

  it('attaches it when curl does', async () => {
    const token = await az.run('account', 'get-access-token', '--query', 'accessToken', '--output', 'tsv')
    const head = az.file('head', `Authorization: Bearer ${token}\nContent-Type: application/json\n`)
    const url = `${relay.relay.management}${attachment}`
    const options = ['--silent', '--show-error', '--fail-with-body', '--cacert', join(az.folder, 'ca.pem')]
    const put = ['--request', 'PUT', '--header', `@${head}`, '--data-binary', `@${hctest}`]
    const { stdout } = await promisify(execFile)('curl', [...options, ...put, url])
    assertAttached(JSON.parse(stdout))
    assertAttached(await rest('get', attachment))
  })
})
