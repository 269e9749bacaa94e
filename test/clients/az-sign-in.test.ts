// The Azure CLI as PyPI delivers it: how it comes to know a relay, and who signs in.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createSignInCertificate, startTestRelay, type TestRelay } from '@postern/testkit'
import { AzureCli, type Json } from './azure-cli.ts'
import { openPythonEnvironment, type PythonEnvironment } from './python-environment.ts'

const environment = await openPythonEnvironment()
const skip = typeof environment === 'string' ? environment : false
const tenant = '3f2504e0-4f89-41d3-9a0c-0305e82c3301'

describe('az 2.91.0', { skip }, () => {
  let relay: TestRelay
  let az: AzureCli
  let secretOf: { clientId: string; secret: string }

  before(async () => {
    relay = await startTestRelay({ resources: { namespaces: [] } })
    const admin = relay.relay.bootstrapAdmin!
    secretOf = { clientId: admin.clientId, secret: admin.clientSecret.reveal() }
    az = new AzureCli(environment as PythonEnvironment, relay.relay)
  })

  after(async () => {
    az[Symbol.dispose]()
    await relay[Symbol.asyncDispose]()
  })

  it('the program az registers the relay as a cloud, by flags, and signs in with a secret', async () => {
    const { management } = relay.relay
    await az.program(
      ...['cloud', 'register', '-n', 'by-flags'],
      ...['--endpoint-resource-manager', management, '--endpoint-active-directory', `${management}/adfs`],
      ...['--endpoint-active-directory-resource-id', management],
      ...['--endpoint-active-directory-graph-resource-id', management],
    )
    await az.program('cloud', 'set', '-n', 'by-flags')
    const { clientId, secret } = secretOf
    const accounts = await az.program('login', '--service-principal', '-u', clientId, '-p', secret, '--tenant', tenant)
    assert.deepEqual(
      accounts.map(({ user, state }: Json) => [user, state]),
      [[{ name: clientId, type: 'servicePrincipal' }, 'Enabled']],
    )
    assert.deepEqual(await az.program('account', 'list'), accounts)
    await az.program('group', 'create', '-n', 'g1', '-l', 'westus')
  })

  it('accounts are listed and shown, and give their tokens', async () => {
    const [account] = await az.run('account', 'list')
    const shown = await az.run('account', 'show')
    assert.equal(shown.id, account.id)
    const { accessToken, tokenType } = await az.run('account', 'get-access-token')
    assert.equal(tokenType, 'Bearer')
    const claims = JSON.parse(Buffer.from(accessToken.split('.')[1], 'base64url').toString())
    assert.equal(new URL(claims.iss).origin, relay.relay.management)
    assert.deepEqual(await az.run('account', 'list-locations'), [])
  })

  it('groups are made, listed, shown, updated and deleted', async () => {
    assert.equal(await az.run('group', 'exists', '-n', 'g1'), true)
    const made = await az.run('group', 'create', '-n', 'g2', '-l', 'westus', '--tags', 'a=b')
    assert.deepEqual([made.name, made.tags, made.properties.provisioningState], ['g2', { a: 'b' }, 'Succeeded'])
    assert.deepEqual(await az.run('group', 'show', '-n', 'g2'), made)
    assert.deepEqual((await az.run('group', 'update', '-n', 'g2', '--tags', 'c=d')).tags, { c: 'd' })
    const names = (await az.run('group', 'list')).map(({ name }: Json) => name)
    assert.deepEqual(names, ['g1', 'g2'])
    await az.run('group', 'delete', '-n', 'g2', '--yes')
    assert.equal(await az.run('group', 'exists', '-n', 'g2'), false)
    await assert.rejects(az.run('group', 'show', '-n', 'g2'), /ResourceGroupNotFound/)
  })

  it('a certificate signs in', async () => {
    const { directory } = relay.relay.server.identity
    const principal = await directory.create({ kind: 'servicePrincipal', displayName: 'deployment' })
    const { certPem, keyPem } = await createSignInCertificate()
    await directory.addKey(principal.id, certPem, { displayName: 'certificate' })
    const file = az.file('certificate.pem', `${keyPem}${certPem}`)
    const login = ['login', '--service-principal', '-u', principal.clientId, '--certificate', file, '--tenant', tenant]
    const [account] = await az.run(...login, '--allow-no-subscriptions')
    assert.equal(account.user.name, principal.clientId)
    await az.run('logout', '--username', principal.clientId)
  })

  it('a wrong secret, and a client that does not exist, are refused alike in the words of Entra', async () => {
    // Else az takes the token that it has; a process also remembers its own.
    await az.run('account', 'clear')
    for (const clientId of [secretOf.clientId, 'c0ffee00-0000-4000-8000-000000000000']) {
      const login = ['login', '--service-principal', '-u', clientId, '-p', 'wrong', '--tenant', tenant]
      await assert.rejects(az.program(...login), /AADSTS7000215/, clientId)
    }
  })

  it('the relay is registered as a cloud by a file, and by its own metadata', async () => {
    const { management } = relay.relay
    const endpoints = {
      resourceManager: management,
      activeDirectory: `${management}/adfs`,
      activeDirectoryResourceId: management,
      activeDirectoryGraphResourceId: management,
    }
    const file = az.file('cloud.json', JSON.stringify({ endpoints }))
    await az.run('cloud', 'register', '-n', 'by-file', '--cloud-config', `@${file}`)
    await az.run('cloud', 'register', '-n', 'by-metadata', '--endpoint-resource-manager', management)
    for (const cloud of ['by-file', 'by-metadata']) {
      await az.run('cloud', 'set', '-n', cloud)
      const shown = await az.run('cloud', 'show')
      assert.equal(shown.endpoints.activeDirectory, `${management}/adfs`, cloud)
      const { clientId, secret } = secretOf
      await az.run('login', '--service-principal', '-u', clientId, '-p', secret, '--tenant', tenant)
      assert.equal((await az.run('account', 'show')).environmentName, cloud)
    }
  })
})
