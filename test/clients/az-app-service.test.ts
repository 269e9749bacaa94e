// The commands of the Azure CLI for App Service and its hybrid connections, as PyPI delivers them.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startTestRelay, type TestRelay } from '@postern/testkit'
import { AzureCli, type Json } from './azure-cli.ts'
import { openPythonEnvironment, type PythonEnvironment } from './python-environment.ts'

const environment = await openPythonEnvironment()
const older = await openPythonEnvironment('azure-cli-2.51.0')
const skip = [environment, older].find((each) => typeof each === 'string') ?? false
const subscription = '/subscriptions/00000000-0000-0000-0000-000000000000'
const web = `${subscription}/resourceGroups/g1/providers/Microsoft.Web`
const names = (list: Json): string[] => list.map(({ name }: Json) => name)

describe('az webapp hybrid-connection 2.91.0', { skip }, () => {
  let relay: TestRelay
  let az: AzureCli
  let administrator: { clientId: string; secret: string }
  const site = ['-g', 'g1', '-n', 'app1']
  const attach = ['--namespace', 'contoso1', '--hybrid-connection', 'hc1']

  before(async () => {
    relay = await startTestRelay({ resources: { namespaces: [] } })
    const { clientId, clientSecret } = relay.relay.bootstrapAdmin!
    administrator = { clientId, secret: clientSecret.reveal() }
    az = new AzureCli(environment as PythonEnvironment, relay.relay)
    await az.signIn(relay.relay, administrator)
    await az.run('group', 'create', '-n', 'g1', '-l', 'westus')
    await az.run('relay', 'namespace', 'create', '-g', 'g1', '-n', 'contoso1', '-l', 'westus')
    const metadata = '[{"key":"endpoint","value":"db.local:1433"}]'
    const hyco = ['-g', 'g1', '--namespace-name', 'contoso1', '-n', 'hc1']
    await az.run('relay', 'hyco', 'create', ...hyco, '--user-metadata', metadata)
  })

  after(async () => {
    az[Symbol.dispose]()
    await relay[Symbol.asyncDispose]()
  })

  it('plans are made, listed, shown, updated and deleted', async () => {
    const windows = ['--sku', 'S1', '--is-linux', 'false']
    const made = await az.run('appservice', 'plan', 'create', '-g', 'g1', '-n', 'plan1', ...windows)
    assert.deepEqual([made.name, made.sku.name, made.reserved], ['plan1', 'S1', false])
    const linux = await az.run('appservice', 'plan', 'create', '-g', 'g1', '-n', 'plan2', '--sku', 'B1')
    assert.deepEqual([linux.name, linux.sku.tier, linux.reserved], ['plan2', 'Basic', true])
    assert.deepEqual(names(await az.run('appservice', 'plan', 'list')), ['plan1', 'plan2'])
    const shown = await az.run('appservice', 'plan', 'show', '-g', 'g1', '-n', 'plan1')
    assert.equal(shown.id, `${web}/serverfarms/plan1`)
    const updated = await az.run('appservice', 'plan', 'update', '-g', 'g1', '-n', 'plan2', '--sku', 'S1')
    assert.equal(updated.sku.tier, 'Standard')
    await az.run('appservice', 'plan', 'delete', '-g', 'g1', '-n', 'plan2', '--yes')
    assert.deepEqual(names(await az.run('appservice', 'plan', 'list', '-g', 'g1')), ['plan1'])
  })

  it('an app is made by az resource, because az webapp asks for runtimes that a relay does not have', async () => {
    const made = await az.run(
      ...['resource', 'create', '-g', 'g1', '-n', 'app1', '--resource-type', 'Microsoft.Web/sites'],
      ...['--properties', JSON.stringify({ serverFarmId: `${web}/serverfarms/plan1` }), '-l', 'westus'],
    )
    assert.equal(made.id, `${web}/sites/app1`)
    assert.deepEqual(names(await az.run('webapp', 'list')), ['app1'])
    assert.deepEqual(names(await az.run('webapp', 'list', '-g', 'g1')), ['app1'])
    const shown = await az.run('resource', 'show', '--ids', made.id)
    assert.equal(shown.properties.serverFarmId, `${web}/serverfarms/plan1`)
    const create = az.run('webapp', 'create', '-g', 'g1', '-n', 'app2', '-p', 'plan1')
    await assert.rejects(create, /webAppStacks/)
    assert.deepEqual(names(await az.run('webapp', 'list')), ['app1'], 'nothing half made is left')
    await assert.rejects(az.run('webapp', 'show', ...site), /config\/web/)
  })

  it('a hybrid connection is added, listed and removed', async () => {
    const added = await az.run('webapp', 'hybrid-connection', 'add', ...site, ...attach)
    assert.deepEqual(
      [added.name, added.hostname, added.port, added.serviceBusNamespace, added.resourceGroup],
      ['hc1', 'db.local', 1433, 'contoso1', 'g1'],
    )
    const [listed, ...others] = await az.run('webapp', 'hybrid-connection', 'list', ...site)
    assert.deepEqual(others, [])
    assert.deepEqual(
      [listed.id, listed.location, listed.properties.hostname, listed.properties.port],
      [`${web}/sites/app1/hybridConnectionNamespaces/contoso1/relays/hc1`, 'westus', 'db.local', 1433],
    )
    await az.run('webapp', 'hybrid-connection', 'remove', ...site, ...attach)
    assert.deepEqual(await az.run('webapp', 'hybrid-connection', 'list', ...site), [])
  })

  it('the same for a slot', async () => {
    const url = `${web}/sites/app1/slots/staging?api-version=2022-03-01`
    await az.run('rest', '--method', 'put', '--url', url, '--body', '{"location":"westus"}')
    const slot = [...site, '--slot', 'staging']
    await az.run('webapp', 'hybrid-connection', 'add', ...slot, ...attach)
    assert.deepEqual(names(await az.run('webapp', 'hybrid-connection', 'list', ...slot)), ['hc1'])
    assert.deepEqual(await az.run('webapp', 'hybrid-connection', 'list', ...site), [])
    await az.run('webapp', 'hybrid-connection', 'remove', ...slot, ...attach)
    assert.deepEqual(await az.run('webapp', 'hybrid-connection', 'list', ...slot), [])
  })

  it('what stands against it is said in the words of the relay', async () => {
    const missing = ['--namespace', 'contoso1', '--hybrid-connection', 'hc9']
    await assert.rejects(az.run('webapp', 'hybrid-connection', 'add', ...site, ...missing), /EntityNotFound/)
    const elsewhere = ['-g', 'g1', '-n', 'app9']
    await assert.rejects(az.run('webapp', 'hybrid-connection', 'add', ...elsewhere, ...attach), /ResourceNotFound/)
  })

  it('a Reader sees the hybrid connection and cannot add it, a Contributor can', async () => {
    const { directory } = relay.relay.server.identity
    const principal = await directory.create({ kind: 'servicePrincipal', displayName: 'developer' })
    const { secret } = await directory.addSecret(principal.id, { displayName: 'secret' })
    const assign = async (role: string, scope: string): Promise<Json> =>
      az.run(
        ...['role', 'assignment', 'create', '--role', role, '--scope', scope],
        ...['--assignee-object-id', principal.id, '--assignee-principal-type', 'ServicePrincipal'],
      )
    await assign('Contributor', `${web}/sites/app1`)
    const ofRelay = await assign(
      'Reader',
      `${subscription}/resourceGroups/g1/providers/Microsoft.Relay/namespaces/contoso1`,
    )
    using developer = new AzureCli(environment as PythonEnvironment, relay.relay)
    await developer.signIn(relay.relay, { clientId: principal.clientId, secret: secret.reveal() })
    const hyco = ['-g', 'g1', '--namespace-name', 'contoso1', '-n', 'hc1']
    assert.equal((await developer.run('relay', 'hyco', 'show', ...hyco)).name, 'hc1')
    const add = ['webapp', 'hybrid-connection', 'add', ...site, ...attach]
    await assert.rejects(developer.run(...add), /AuthorizationFailed.*hybridConnections\/authorizationRules/is)
    assert.deepEqual(await az.run('webapp', 'hybrid-connection', 'list', ...site), [])
    await az.run('role', 'assignment', 'delete', '--ids', ofRelay.id)
    await assign('Contributor', ofRelay.scope)
    assert.equal((await developer.run(...add)).name, 'hc1')
  })

  it('set-key of az 2.51.0 changes the key of every app of a plan; newer ones break on their own', async () => {
    const command = ['appservice', 'hybrid-connection', 'set-key', '-g', 'g1', '--plan', 'plan1', ...attach]
    await assert.rejects(
      az.run(...command, '--key-type', 'secondary'),
      /'dict' object has no attribute 'user_metadata'/,
    )
    const { secondaryKey } = await az.run(
      ...['relay', 'hyco', 'authorization-rule', 'keys', 'list', '-g', 'g1', '--namespace-name', 'contoso1'],
      ...['--hybrid-connection-name', 'hc1', '-n', 'defaultSender'],
    )
    using old = new AzureCli(older as PythonEnvironment, relay.relay)
    await old.signIn(relay.relay, administrator)
    const apps = await old.run(...command, '--key-type', 'secondary')
    assert.deepEqual(
      apps.map((app: string) => JSON.parse(app).name),
      ['app1'],
    )
    const keys = `${web}/serverfarms/plan1/hybridConnectionNamespaces/contoso1/relays/hc1/listKeys?api-version=2022-03-01`
    const { properties } = await az.run('rest', '--method', 'post', '--url', keys)
    assert.equal(properties.sendKeyValue, secondaryKey)
  })

  it('no command is left out', async () => {
    await az.assertEveryCommand(['webapp hybrid-connection'], { leftOut: [] })
  })
})
