import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryStore } from '../../storage/memory/memory-store.ts'
import { ResourceCatalog } from '../../storage/resource-catalog.ts'
import type { Call } from '../call.ts'
import { atomSubject } from './atom-call.ts'

async function subjectOf(method: string, path: string): Promise<ReturnType<typeof atomSubject>> {
  const catalog = await ResourceCatalog.open(new MemoryStore(), { baseDomain: 'relay.test' })
  const namespace = { name: 'contoso', subscriptionId: 's', resourceGroup: 'g' }
  const call = { request: { method }, target: { path }, namespace, entity: undefined, scope: 'sb://host/' }
  const subject = atomSubject(call as unknown as Call, catalog)
  catalog.close()
  return subject
}

test('slashes at the end of a path are no part of a name', async () => {
  const subject = await subjectOf('PUT', 'shop/db//')
  assert.equal(subject.kind === 'write' && subject.name, 'shop/db')
  assert.equal((await subjectOf('GET', '$Resources/HybridConnections//')).kind, 'list')
})

test('a path of slashes, which needs no token to send, holds nobody up', async () => {
  const beganMs = performance.now()
  await subjectOf('PUT', `a${'/'.repeat(60_000)}b`)
  assert.ok(performance.now() - beganMs < 500)
})
