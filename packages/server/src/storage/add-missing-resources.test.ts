import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addMissingResources } from './add-missing-resources.ts'
import { applyDeclaredResources } from './apply-declared-resources.ts'
import { MemoryStore } from './memory/memory-store.ts'

const demo = {
  namespaces: [
    { name: 'local', default: true, hybridConnections: [{ name: 'demo', rules: [{ name: 'l', rights: ['Listen'] }] }] },
  ],
} as const

test('what is missing is added as managed, and stays the same the second time', async () => {
  const store = new MemoryStore()
  assert.deepEqual((await addMissingResources(store, demo)).toSorted(), ['hc/local/demo', 'ns/local'])
  const first = await store.list()
  assert.deepEqual(new Set(first.map(({ document }) => document.origin)), new Set(['managed']))
  assert.deepEqual(await addMissingResources(store, demo), [])
  assert.deepEqual(await store.list(), first)
})

test('a namespace that the resources file owns gets the hybrid connection and is left as it is', async () => {
  const store = new MemoryStore()
  await applyDeclaredResources(store, { namespaces: [{ name: 'local', hosts: ['relay.example.test'] }] })
  const before = await store.get('ns/local')
  assert.deepEqual(await addMissingResources(store, demo), ['hc/local/demo'])
  assert.deepEqual(await store.get('ns/local'), before)
})

test('two that add at once both succeed', async () => {
  const store = new MemoryStore()
  const added = await Promise.all([addMissingResources(store, demo), addMissingResources(store, demo)])
  assert.equal(added.flat().length, 2)
})
