import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DocumentCopy } from './document-copy.ts'
import { listedByCopy } from './listed-by-copy.ts'
import { MemoryStore } from './memory/memory-store.ts'
import { entity, namespace } from './resource-store.contract.ts'

/** Names that sort about each other. */
const name = fc.constantFrom('a', 'a/b', 'a-', 'ab', 'b', 'B', 'z')
const step = fc.record({ kind: fc.constantFrom('put', 'delete', 'deleteNamespace', 'look'), namespace: name, name })

test('whatever comes and goes, and whenever it is looked at, a copy lists what the store lists', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const store = new MemoryStore()
      const copy = await DocumentCopy.open(store)
      for (const { kind, namespace: parent, name } of steps) {
        const place = parent.replace('/', '')
        if (kind === 'put') await Promise.all([store.put(namespace(place)), store.put(entity(place, name))])
        if (kind === 'delete') await store.delete(`hc/${place}/${name}`.toLowerCase())
        if (kind === 'deleteNamespace') await store.delete(`ns/${place}`.toLowerCase())
        if (kind === 'look') copy.list('hybridConnection', place)
      }
      const stored = await store.list()
      assert.deepEqual(copy.all(), stored)
      assert.deepEqual(await listedByCopy(store, copy).list(), stored)
      for (const place of ['a', 'ab', 'b']) {
        const below = stored.filter(({ key }) => key.startsWith(`hc/${place}/`))
        assert.deepEqual(copy.list('hybridConnection', place), below)
      }
    }),
  )
})

test('a list that somebody holds stays as it was', async () => {
  const store = new MemoryStore()
  await store.put(entity('n', 'b'))
  const copy = await DocumentCopy.open(store)
  const held = copy.list('hybridConnection')
  const before = [...held]
  await store.put(entity('n', 'a'))
  await store.put(entity('n', 'b', { userMetadata: 'new' }))
  await store.delete('hc/n/a')
  assert.deepEqual(held, before)
  assert.equal(copy.list('hybridConnection').length, 1)
})
