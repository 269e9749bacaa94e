// `az role` of the Azure CLI as PyPI delivers it, as far as it goes to ARM alone and not to Microsoft Graph.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startTestRelay, type TestRelay } from '@postern/testkit'
import { AzureCli, type Json } from './azure-cli.ts'
import { openPythonEnvironment, type PythonEnvironment } from './python-environment.ts'

const environment = await openPythonEnvironment()
const skip = typeof environment === 'string' ? environment : false
const subscription = '/subscriptions/00000000-0000-0000-0000-000000000000'
const scope = `${subscription}/resourceGroups/g1`
const names = (list: Json): string[] => list.map(({ name }: Json) => name)

describe('az role 2.91.0', { skip }, () => {
  let relay: TestRelay
  let az: AzureCli
  let principalId: string

  before(async () => {
    relay = await startTestRelay({ resources: { namespaces: [] } })
    const { clientId, clientSecret } = relay.relay.bootstrapAdmin!
    az = new AzureCli(environment as PythonEnvironment, relay.relay)
    await az.signIn(relay.relay, { clientId, secret: clientSecret.reveal() })
    await az.run('group', 'create', '-n', 'g1', '-l', 'westus')
    const { directory } = relay.relay.server.identity
    principalId = (await directory.create({ kind: 'servicePrincipal', displayName: 'app' })).id
  })

  after(async () => {
    az[Symbol.dispose]()
    await relay[Symbol.asyncDispose]()
  })

  it('role definitions are listed and shown', async () => {
    const roles: string[] = (await az.run('role', 'definition', 'list')).map(({ roleName }: Json) => roleName)
    for (const wanted of ['Owner', 'Contributor', 'Reader', 'Azure Relay Owner', 'Azure Relay Listener']) {
      assert.ok(roles.includes(wanted), wanted)
    }
    const [sender] = await az.run('role', 'definition', 'list', '--name', 'Azure Relay Sender')
    assert.deepEqual(sender.permissions[0].dataActions, ['Microsoft.Relay/*/send/action'])
    assert.deepEqual(await az.run('role', 'definition', 'list', '--custom-role-only', 'true'), [])
    assert.equal((await az.run('role', 'definition', 'show', '--id', sender.id)).roleName, 'Azure Relay Sender')
  })

  it('a custom role is made, updated and deleted', async () => {
    const role = {
      Name: 'Key keeper',
      Description: 'Renews keys',
      Actions: ['Microsoft.Relay/namespaces/authorizationRules/*/action'],
      NotActions: [],
      AssignableScopes: [scope],
    }
    const file = az.file('role.json', JSON.stringify(role))
    const made = await az.run('role', 'definition', 'create', '--role-definition', `@${file}`)
    assert.deepEqual([made.roleName, made.roleType], ['Key keeper', 'CustomRole'])
    const changed = az.file('changed.json', JSON.stringify({ ...made, description: 'Renews all keys' }))
    const updated = await az.run('role', 'definition', 'update', '--role-definition', `@${changed}`)
    assert.equal(updated.description, 'Renews all keys')
    await az.run('role', 'definition', 'delete', '--name', 'Key keeper', '--scope', scope)
    assert.deepEqual(await az.run('role', 'definition', 'list', '--name', 'Key keeper', '--scope', scope), [])
  })

  it('a role is assigned by object id, listed, and taken away by id, and by principal, role and scope', async () => {
    const who = ['--assignee-object-id', principalId]
    const what = ['--role', 'Reader', '--scope', scope]
    const create = async (): Promise<Json> =>
      az.run('role', 'assignment', 'create', ...who, '--assignee-principal-type', 'ServicePrincipal', ...what)
    const list = async (...filter: string[]): Promise<Json> =>
      az.run('role', 'assignment', 'list', ...who, '--fill-principal-name', 'false', ...filter)
    const first = await create()
    assert.deepEqual([first.principalId, first.principalType, first.scope], [principalId, 'ServicePrincipal', scope])
    assert.equal((await create()).id, first.id, 'a role that is assigned already is no error')
    const [listed] = await list('--scope', scope)
    assert.deepEqual([listed.id, listed.roleDefinitionName], [first.id, 'Reader'])
    assert.deepEqual(names(await list('--all')), [first.name])
    assert.deepEqual(names(await list('-g', 'g1')), [first.name])
    await az.run('role', 'assignment', 'delete', '--ids', first.id)
    assert.deepEqual(await list('--all'), [])
    const second = await create()
    await az.run('role', 'assignment', 'delete', '--assignee', principalId, ...what)
    assert.deepEqual(await list('--all'), [], second.id)
  })

  it('a role that nobody knows is refused', async () => {
    const create = az.run(
      ...['role', 'assignment', 'create', '--assignee-object-id', principalId],
      ...['--assignee-principal-type', 'ServicePrincipal', '--role', 'Emperor', '--scope', scope],
    )
    await assert.rejects(create, /Role 'Emperor' doesn't exist/)
  })
})
