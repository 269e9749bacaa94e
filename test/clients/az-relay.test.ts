// Every `az relay` command of the Azure CLI as PyPI delivers it.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { parseConnectionString } from '@postern/protocol'
import { startTestRelay, type TestRelay } from '@postern/testkit'
import { AzureCli, type Json } from './azure-cli.ts'
import { openPythonEnvironment, type PythonEnvironment } from './python-environment.ts'

const environment = await openPythonEnvironment()
const skip = typeof environment === 'string' ? environment : false
const metadata = '[{"key":"endpoint","value":"db.local:1433"}]'
const names = (list: Json): string[] => list.map(({ name }: Json) => name)

describe('az relay 2.91.0', { skip }, () => {
  let relay: TestRelay
  let az: AzureCli
  const namespace = ['-g', 'g1', '--namespace-name', 'contoso1']
  const entity = [...namespace, '--hybrid-connection-name', 'hc1']

  before(async () => {
    relay = await startTestRelay({ resources: { namespaces: [] } })
    const { clientId, clientSecret } = relay.relay.bootstrapAdmin!
    az = new AzureCli(environment as PythonEnvironment, relay.relay)
    await az.signIn(relay.relay, { clientId, secret: clientSecret.reveal() })
    await az.run('group', 'create', '-n', 'g1', '-l', 'westus')
  })

  after(async () => {
    az[Symbol.dispose]()
    await relay[Symbol.asyncDispose]()
  })

  it('a namespace is made, listed, shown, updated and waited for', async () => {
    const exists = await az.run('relay', 'namespace', 'exists', '--name', 'contoso1')
    assert.deepEqual([exists.nameAvailable, exists.reason], [true, 'None'])
    const at = ['-g', 'g1', '-n', 'contoso1']
    const made = await az.run('relay', 'namespace', 'create', ...at, '-l', 'westus', '--tags', 'a=b')
    assert.deepEqual(
      [made.name, made.provisioningState, made.resourceGroup, made.tags, made.sku.name],
      ['contoso1', 'Succeeded', 'g1', { a: 'b' }, 'Standard'],
    )
    await az.run('relay', 'namespace', 'wait', '--created', ...at)
    assert.deepEqual(await az.run('relay', 'namespace', 'show', ...at), made)
    assert.deepEqual(names(await az.run('relay', 'namespace', 'list')), ['contoso1'])
    assert.deepEqual(names(await az.run('relay', 'namespace', 'list', '-g', 'g1')), ['contoso1'])
    const updated = await az.run('relay', 'namespace', 'update', ...at, '--tags', 'c=d')
    assert.deepEqual(updated.tags, { a: 'b', c: 'd' }, 'az reads what is there and writes all of it')
    assert.equal((await az.run('relay', 'namespace', 'exists', '--name', 'contoso1')).nameAvailable, false)
  })

  it('rules of a namespace are made, listed, shown, updated, given keys, and deleted', async () => {
    const command = ['relay', 'namespace', 'authorization-rule']
    const rule = [...namespace, '-n', 'both']
    const made = await az.run(...command, 'create', ...rule, '--rights', 'Send', 'Listen')
    assert.deepEqual([made.name, made.rights.toSorted()], ['both', ['Listen', 'Send']])
    assert.deepEqual(names(await az.run(...command, 'list', ...namespace)), ['both', 'RootManageSharedAccessKey'])
    assert.deepEqual((await az.run(...command, 'update', ...rule, '--rights', 'Send')).rights, ['Send'])
    assert.deepEqual((await az.run(...command, 'show', ...rule)).rights, ['Send'])
    const keys = await az.run(...command, 'keys', 'list', ...rule)
    assert.equal(parseConnectionString(keys.primaryConnectionString).keyName, 'both')
    const renewed = await az.run(...command, 'keys', 'renew', ...rule, '--key', 'PrimaryKey')
    assert.notEqual(renewed.primaryKey, keys.primaryKey)
    assert.equal(renewed.secondaryKey, keys.secondaryKey)
    await az.run(...command, 'delete', ...rule)
    await assert.rejects(az.run(...command, 'show', ...rule), /ResourceNotFound/)
  })

  it('hybrid connections are made, listed, shown, updated and deleted', async () => {
    const hyco = [...namespace, '-n', 'hc1']
    const made = await az.run('relay', 'hyco', 'create', ...hyco, '--user-metadata', metadata)
    assert.deepEqual([made.name, made.userMetadata, made.requiresClientAuthorization], ['hc1', metadata, true])
    assert.deepEqual(names(await az.run('relay', 'hyco', 'list', ...namespace)), ['hc1'])
    const moved = metadata.replace('1433', '1434')
    assert.equal((await az.run('relay', 'hyco', 'update', ...hyco, '--user-metadata', moved)).userMetadata, moved)
    const shown = await az.run('relay', 'hyco', 'show', ...hyco)
    assert.deepEqual([shown.userMetadata, shown.requiresClientAuthorization], [moved, true])
    const open = ['--requires-client-authorization', 'false']
    await az.run('relay', 'hyco', 'create', ...namespace, '-n', 'open', ...open)
    await az.run('relay', 'hyco', 'delete', ...namespace, '-n', 'open')
    await assert.rejects(az.run('relay', 'hyco', 'show', ...namespace, '-n', 'open'), /EntityNotFound/)
  })

  it('rules of a hybrid connection are made, listed, shown, updated, given keys, and deleted', async () => {
    const command = ['relay', 'hyco', 'authorization-rule']
    const rule = [...entity, '-n', 'defaultSender']
    const made = await az.run(...command, 'create', ...rule, '--rights', 'Send')
    assert.deepEqual([made.name, made.rights], ['defaultSender', ['Send']])
    assert.deepEqual(names(await az.run(...command, 'list', ...entity)), ['defaultSender'])
    await az.run(...command, 'update', ...rule, '--rights', 'Send', 'Listen')
    assert.deepEqual((await az.run(...command, 'show', ...rule)).rights.toSorted(), ['Listen', 'Send'])
    const keys = await az.run(...command, 'keys', 'list', ...rule)
    assert.equal(parseConnectionString(keys.primaryConnectionString).entityPath, 'hc1')
    const own = 'b3duIGtleSBvZiB0aGUgdGVzdCwgMzIgYnl0ZXMhIQ=='
    const renewed = await az.run(...command, 'keys', 'renew', ...rule, '--key', 'SecondaryKey', '--key-value', own)
    assert.equal(renewed.secondaryKey, own)
    await az.run(...command, 'delete', ...rule)
    assert.deepEqual(await az.run(...command, 'list', ...entity), [])
  })

  it('network rules and private endpoints, which `az relay` has no command for, are reached by az rest', async () => {
    const { id } = await az.run('relay', 'namespace', 'show', '-g', 'g1', '-n', 'contoso1')
    const rules = `${id}/networkRuleSets/default?api-version=2021-11-01`
    const wanted = { properties: { defaultAction: 'Deny', ipRules: [{ ipMask: '127.0.0.0/8', action: 'Allow' }] } }
    await az.run('rest', '--method', 'put', '--url', rules, '--body', JSON.stringify(wanted))
    const { properties } = await az.run('rest', '--method', 'get', '--url', rules)
    assert.deepEqual([properties.defaultAction, properties.ipRules], ['Deny', wanted.properties.ipRules])
    const connections = `${id}/privateEndpointConnections?api-version=2021-11-01`
    assert.deepEqual((await az.run('rest', '--method', 'get', '--url', connections)).value, [])
    const shown = await az.run('resource', 'show', '--ids', id, '--api-version', '2021-11-01')
    assert.equal(shown.properties.publicNetworkAccess, 'Enabled')
    assert.deepEqual(names(await az.run('resource', 'list', '-g', 'g1')), ['contoso1'])
  })

  it('of WCF relays there are none, and whoever makes one is told so', async () => {
    assert.deepEqual(await az.run('relay', 'wcfrelay', 'list', ...namespace), [])
    const create = az.run('relay', 'wcfrelay', 'create', ...namespace, '-n', 'w1', '--relay-type', 'NetTcp')
    await assert.rejects(create, /not supported/)
  })

  it('what is wrong is said in the words of the relay', async () => {
    const show = az.run('relay', 'namespace', 'show', '-g', 'g1', '-n', 'contoso9')
    await assert.rejects(show, /\(ResourceNotFound\) The Resource 'Microsoft.Relay\/namespaces\/contoso9'/)
    const create = az.run('relay', 'namespace', 'create', '-g', 'nowhere', '-n', 'contoso9', '-l', 'westus')
    await assert.rejects(create, /\(ResourceGroupNotFound\)/)
  })

  it('a namespace is deleted, and az waits until it is gone', async () => {
    await az.run('relay', 'namespace', 'delete', '-g', 'g1', '-n', 'contoso1')
    assert.deepEqual(await az.run('relay', 'namespace', 'list'), [])
  })

  it('no command is left out but those for WCF relays', async () => {
    await az.assertEveryCommand(['relay'], { leftOut: ['relay wcfrelay'] })
  })
})
