// `az monitor activity-log` of the Azure CLI as PyPI delivers it.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startTestRelay, type TestRelay } from '@postern/testkit'
import { AzureCli, type Json } from './azure-cli.ts'
import { openPythonEnvironment, type PythonEnvironment } from './python-environment.ts'

const environment = await openPythonEnvironment()
const skip = typeof environment === 'string' ? environment : false

describe('az monitor activity-log 2.91.0', { skip }, () => {
  let relay: TestRelay
  let az: AzureCli
  const list = ['monitor', 'activity-log', 'list', '--offset', '1h']
  const told = (events: Json): unknown[] =>
    events.map(({ operationName, status, resourceGroup, resourceGroupName }: Json) => [
      operationName.value,
      status.value,
      resourceGroupName ?? resourceGroup,
    ])
  const groupWritten = ['Microsoft.Resources/subscriptions/resourceGroups/write', 'Succeeded', 'g1']
  const namespaceWritten = ['Microsoft.Relay/namespaces/write', 'Succeeded', 'g1']

  before(async () => {
    relay = await startTestRelay({ resources: { namespaces: [] } })
    const { bootstrapAdmin } = relay.relay
    az = new AzureCli(environment as PythonEnvironment, relay.relay)
    await az.signIn(relay.relay, { clientId: bootstrapAdmin!.clientId, secret: bootstrapAdmin!.clientSecret.reveal() })
    await az.run('group', 'create', '-n', 'g1', '-l', 'westus')
    await az.run('relay', 'namespace', 'create', '-g', 'g1', '-n', 'contoso1', '-l', 'westus')
    await assert.rejects(az.run('relay', 'namespace', 'create', '-g', 'none', '-n', 'contoso2', '-l', 'westus'))
  })

  after(async () => {
    az[Symbol.dispose]()
    await relay[Symbol.asyncDispose]()
  })

  it('what az itself has done is listed, newest first, and what failed', async () => {
    const events = await az.run(...list)
    assert.deepEqual(told(events), [
      ['Microsoft.Relay/namespaces/write', 'Failed', 'none'],
      namespaceWritten,
      groupWritten,
    ])
    assert.match(events[1].caller, /^[\da-f-]{36}$/)
    assert.equal(events[1].level, 'Informational')
    assert.equal(events[1].httpRequest.clientIpAddress, '127.0.0.1')
  })

  it('by group, resource, provider, caller, status, correlation id, and in a stretch of time', async () => {
    const [, written] = await az.run(...list)
    assert.deepEqual(told(await az.run(...list, '-g', 'g1')), [namespaceWritten, groupWritten])
    assert.deepEqual(told(await az.run(...list, '--resource-id', written.resourceId)), [namespaceWritten])
    assert.deepEqual(told(await az.run(...list, '--namespace', 'Microsoft.Resources')), [groupWritten])
    assert.deepEqual(told(await az.run(...list, '--correlation-id', written.correlationId)), [namespaceWritten])
    assert.equal((await az.run(...list, '--caller', written.caller)).length, 3)
    assert.deepEqual(await az.run(...list, '--caller', 'nobody'), [])
    assert.equal((await az.run(...list, '--status', 'Failed')).length, 1)
    assert.equal((await az.run(...list, '--max-events', '2')).length, 2)
    const stretch = ['--start-time', '2026-01-01', '--end-time', '2026-01-02T00:00:00Z']
    assert.deepEqual(await az.run('monitor', 'activity-log', 'list', ...stretch), [])
  })

  it('a selection leaves the rest out', async () => {
    const [event] = await az.run(...list, '--select', 'operationName', 'status')
    assert.equal(event.operationName.value, 'Microsoft.Relay/namespaces/write')
    assert.ok(!event.caller)
  })
})
