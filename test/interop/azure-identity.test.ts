// @azure/identity as npm delivers it, against the token endpoint of a relay.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startTestRelay, type TestRelay } from '@postern/testkit'
import { AzureApplication } from './azure-application.ts'
import { ClientError } from './client-process.ts'

const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>

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

  it('a client secret gets a token for the management plane, under whatever tenant', async () => {
    const admin = relay.relay.bootstrapAdmin!
    for (const tenantId of ['adfs', 'contoso.example', 'f9b1e6a8-0000-4000-8000-3c5d2c1a7b11']) {
      await application.signInBySecret(tenantId, {
        clientId: admin.clientId,
        secret: admin.clientSecret.reveal(),
        tenantId,
      })
      const claims = claimsOf(await application.getToken(tenantId))
      assert.equal(new URL(String(claims['iss'])).origin, relay.relay.management, tenantId)
    }
  })
})
