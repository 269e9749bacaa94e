// The activity log by @azure/arm-monitor as npm delivers it, against the management API of a relay.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startTestRelay, type TestRelay } from '@postern/testkit'
import { AzureApplication, type Exemption, type Json, type SdkClient } from './azure-application.ts'

const exemptions: readonly Exemption[] = [
  {
    operation: /^(?!activityLogs\.)/,
    reason: 'of Azure Monitor there is the activity log; metrics are those of Prometheus',
  },
]

describe('@azure/arm-monitor 8.0.0', () => {
  let relay: TestRelay
  let application: AzureApplication
  let sdk: SdkClient
  const hour = 3_600_000
  const ago = (ms: number): string => new Date(Date.now() - ms).toISOString()

  before(async () => {
    relay = await startTestRelay({ resources: { namespaces: [] } })
    application = await AzureApplication.start(relay.relay)
    sdk = await application.open('monitor', { subscriptionId: 'sub-1' })
    const groups = await application.open('resources', { subscriptionId: 'sub-1' })
    for (let at = 0; at < 110; at += 1)
      await groups.call('resourceGroups.createOrUpdate', [`g${at}`, { location: 'x' }])
  })

  after(async () => {
    application[Symbol.dispose]()
    await relay[Symbol.asyncDispose]()
  })

  it('what was done is listed, typed as the SDK types it, page after page', async () => {
    const filter = `eventTimestamp ge '${ago(hour)}' and eventTimestamp le '${ago(-hour)}'`
    const value = await sdk.call('activityLogs.list', [filter])
    assert.deepEqual(
      value.map(({ resourceGroupName }: Json) => resourceGroupName),
      Array.from({ length: 110 }, (_, at) => `g${109 - at}`),
    )
    const [event] = value
    assert.equal(new Date(event.eventTimestamp).toISOString(), event.eventTimestamp)
    assert.deepEqual(
      [event.operationName.value, event.httpRequest.method, event.status.value, event.subStatus.value, event.level],
      ['Microsoft.Resources/subscriptions/resourceGroups/write', 'PUT', 'Succeeded', 'Created', 'Informational'],
    )
    assert.match(event.caller, /^[\da-f-]{36}$/)
    assert.equal(event.claims['http://schemas.microsoft.com/identity/claims/objectidentifier'], event.caller)
    assert.equal(event.authorization.role, 'Owner')
    assert.notEqual(event.httpRequest.clientRequestId, '', 'the SDK names each of its requests')
  })

  it('filters and a selection are taken', async () => {
    const filter = `eventTimestamp ge '${ago(hour)}' and resourceGroupName eq 'g7'`
    const found = await sdk.call('activityLogs.list', [filter], { select: 'resourceGroupName,eventTimestamp' })
    assert.deepEqual(
      found.map((event: Json) => [event.resourceGroupName, event.caller]),
      [['g7', undefined]],
    )
    await assert.rejects(sdk.call('activityLogs.list', ["resourceGroupName eq 'g7'"]), { status: 400 })
  })

  it('no operation is left out but what Azure Monitor has besides', async () => {
    await application.assertEveryOperation('monitor', exemptions)
  })
})
