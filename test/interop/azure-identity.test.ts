// @azure/identity as npm delivers it, against the token endpoint of a relay.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { RunningRelay } from '@postern/server'
import { createSignInCertificate, startTestRelay, type TestRelay } from '@postern/testkit'
import { AzureApplication } from './azure-application.ts'
import type { ClientError } from './client-process.ts'

const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>

const secretOf = ({ bootstrapAdmin }: RunningRelay): { clientId: string; secret: string } => ({
  clientId: bootstrapAdmin!.clientId,
  secret: bootstrapAdmin!.clientSecret.reveal(),
})

describe('@azure/identity', () => {
  let relay: TestRelay
  let application: AzureApplication

  before(async () => {
    relay = await startTestRelay()
    application = await AzureApplication.start(relay.relay)
  })

  after(async () => {
    application[Symbol.dispose]()
    await relay[Symbol.asyncDispose]()
  })

  it('a client secret gets a token of the management plane, under whatever tenant', async () => {
    for (const tenantId of ['adfs', 'contoso.example', 'f9b1e6a8-0000-4000-8000-3c5d2c1a7b11']) {
      await application.signInBySecret(tenantId, { ...secretOf(relay.relay), tenantId })
      const claims = claimsOf(await application.getToken(tenantId))
      assert.equal(new URL(String(claims['iss'])).origin, relay.relay.management, tenantId)
    }
  })

  it('the scopes of the public cloud get tokens: some SDKs ask for no others', async () => {
    for (const resource of ['https://management.azure.com', 'https://relay.azure.net']) {
      const claims = claimsOf(await application.getToken('administrator', `${resource}/.default`))
      assert.equal(claims['aud'], resource)
    }
  })

  it('a token for a resource that is none of the relay is refused as Entra refuses it', async () => {
    const refused = application.getToken('administrator', 'https://vault.azure.net/.default')
    await assert.rejects(refused, (error: ClientError) => {
      assert.match(error.message, /AADSTS500011/)
      return error.facts['name'] === 'AuthenticationRequiredError'
    })
  })

  it('a wrong secret, and a client that does not exist, are refused alike', async () => {
    const { clientId } = secretOf(relay.relay)
    for (const wrong of [clientId, 'c0ffee00-0000-4000-8000-000000000000']) {
      await application.signInBySecret(wrong, { clientId: wrong, secret: 'wrong' })
      await assert.rejects(application.getToken(wrong), /invalid_client.*AADSTS7000215/s, wrong)
    }
  })

  it('a certificate signs in, and the token opens the management API', async () => {
    const { directory } = relay.relay.server.identity
    const principal = await directory.create({ kind: 'servicePrincipal', displayName: 'deployment' })
    const { certPem, keyPem } = await createSignInCertificate()
    const certificate = `${keyPem}${certPem}`
    const args = ['adfs', principal.clientId, { certificate }]
    await application.signIn('unregistered', 'ClientCertificateCredential', args)
    await assert.rejects(application.getToken('unregistered'), /invalid_client/)
    await directory.addKey(principal.id, certPem, { displayName: 'certificate' })
    await application.signIn('deployment', 'ClientCertificateCredential', args)
    assert.equal(claimsOf(await application.getToken('deployment'))['oid'], principal.id)
    const resources = await application.open('resources', { as: 'deployment', subscriptionId: 's' })
    await assert.rejects(
      resources.call('resourceGroups.get', ['g']),
      (error: ClientError) => error.status === 403 && error.reason === 'AuthorizationFailed',
    )
  })
})
