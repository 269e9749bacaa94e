import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MemoryData, MemoryStore } from './memory/memory-store.ts'
import { ResourceCatalog, type ResourceCatalogOptions } from './resource-catalog.ts'
import { entity, namespace } from './resource-store.contract.ts'
import type { ResourceDocument, ResourceStore, StoredDocument } from './resource-store.ts'

test('a path leads to the hybrid connection whose name it is or begins with, in any case', async () => {
  const catalog = await openCatalog([namespace('local'), entity('local', 'Db'), entity('local', 'db/Replica')])
  const find = (path: string): unknown => {
    const match = catalog.find('LOCAL', path)
    return match && [match.entity.name, match.suffix]
  }
  assert.deepEqual(find('db'), ['Db', ''])
  assert.deepEqual(find('DB/x/Y'), ['Db', '/x/Y'])
  assert.deepEqual(find('db/'), ['Db', '/'])
  assert.deepEqual(find('db/replica'), ['db/Replica', ''])
  assert.deepEqual(find('db/replica/x'), ['db/Replica', '/x'])
  assert.deepEqual(find('db/replicas'), ['Db', '/replicas'])
  assert.deepEqual(find('db//replica'), ['Db', '//replica'])
  for (const path of ['', '/', '/db', 'dbx', 'd', 'x/db']) assert.equal(find(path), undefined, path)
})

test('the longest name at a segment boundary wins', async () => {
  const segment = fc.constantFrom('a', 'b', 'A', 'ab', 'a.b')
  const path = fc.array(segment, { minLength: 1, maxLength: 6 }).map((segments) => segments.join('/'))
  await fc.assert(
    fc.asyncProperty(fc.array(path, { maxLength: 12 }), path, async (names, wanted) => {
      const catalog = await openCatalog([namespace('n'), ...names.map((name) => entity('n', name))])
      const match = catalog.find('n', wanted)
      const [longest] = names
        .filter((name) => `${wanted}/`.toLowerCase().startsWith(`${name}/`.toLowerCase()))
        .toSorted((a, b) => b.length - a.length)
      assert.equal(match?.entity.name.toLowerCase(), longest?.toLowerCase())
      if (match) assert.equal(wanted.slice(0, match.entity.name.length) + match.suffix, wanted)
    }),
  )
})

test('a path of thousands of slashes is looked up quickly', async () => {
  const catalog = await openCatalog([namespace('n'), entity('n', 'db')])
  const started = performance.now()
  for (let round = 0; round < 100; round += 1) assert.equal(catalog.find('n', 'x/'.repeat(30_000)), undefined)
  assert.ok(performance.now() - started < 500)
  assert.equal(catalog.find('n', `db${'/x'.repeat(30_000)}`)?.entity.name, 'db')
})

test('a name of the greatest length is found, with and without a suffix', async () => {
  const name = `${'a'.repeat(129)}/${'b'.repeat(130)}`
  const catalog = await openCatalog([namespace('n'), entity('n', name)])
  assert.equal(catalog.find('n', name)?.suffix, '')
  assert.equal(catalog.find('n', `${name}/x`)?.suffix, '/x')
  assert.equal(catalog.find('n', `${name}x`), undefined)
})

test('a host leads to the namespace that lists it, else that it is named after, else the default one', async () => {
  const documents = [
    namespace('one', { hosts: ['relay.example.test', 'two.base.test'] }),
    namespace('two', { hosts: ['fd00::1'] }),
    namespace('fallback', { isDefault: true }),
  ]
  const catalog = await openCatalog(documents, { baseDomain: 'Base.test' })
  const byHost = (host: string): string | undefined => catalog.namespaceByHost(host)?.name
  assert.equal(byHost('relay.example.test'), 'one')
  assert.equal(byHost('RELAY.example.test.'), 'one')
  assert.equal(byHost('one.base.test'), 'one')
  assert.equal(byHost('two.base.test'), 'one', 'a listed host goes before a name')
  assert.equal(byHost('[FD00::1]'), 'two')
  assert.equal(byHost('fd00::1'), 'two')
  for (const host of ['localhost', '127.0.0.1', '', 'base.test', 'x.one.base.test', 'none.base.test', 'one']) {
    assert.equal(byHost(host), 'fallback', host)
  }
})

test('without a default namespace and base domain only listed hosts are known', async () => {
  const catalog = await openCatalog([namespace('one', { hosts: ['relay.test'] })])
  assert.equal(catalog.namespaceByHost('relay.test')?.name, 'one')
  assert.equal(catalog.namespaceByHost('one'), undefined)
  assert.equal(catalog.namespaceByHost('localhost'), undefined)
})

test('where two namespaces claim the same, the name that sorts first has it', async () => {
  const claim = { hosts: ['relay.test'], isDefault: true }
  const catalog = await openCatalog([namespace('b', claim), namespace('A', claim)])
  assert.equal(catalog.namespaceByHost('relay.test')?.name, 'A')
  assert.equal(catalog.namespaceByHost('other')?.name, 'A')
})

test('look-ups answer by a change when its callback is called and its promise resolved', async () => {
  const store = new MemoryStore()
  const catalog = await ResourceCatalog.open(store)
  const seen: unknown[] = []
  catalog.onChange(({ kind, key }) =>
    seen.push([kind, key, catalog.get('n', 'x') !== undefined, catalog.namespaceByHost('h')?.name]),
  )
  await store.put(namespace('n', { hosts: ['h'] }))
  await store.put(entity('n', 'x'))
  assert.equal(catalog.find('n', 'x/y')?.suffix, '/y')
  await store.put(namespace('n'))
  await store.delete('ns/n')
  assert.deepEqual(seen, [
    ['put', 'ns/n', false, 'n'],
    ['put', 'hc/n/x', true, 'n'],
    ['put', 'ns/n', true, undefined],
    ['delete', 'hc/n/x', false, undefined],
    ['delete', 'ns/n', false, undefined],
  ])
  assert.deepEqual([catalog.list(), catalog.namespaces(), catalog.namespaceByName('n')], [[], [], undefined])
})

test('a hybrid connection is not found before its namespace is there', async () => {
  const store = new MemoryStore()
  const catalog = await ResourceCatalog.open(store)
  await store.put(entity('n', 'x'))
  assert.equal(catalog.find('n', 'x'), undefined)
  await store.put(namespace('N'))
  assert.equal(catalog.find('n', 'x')?.entity.name, 'x')
  assert.equal(catalog.namespaceByName('n')?.name, 'N')
  assert.deepEqual(
    catalog.list('N').map(({ name }) => name),
    ['x'],
  )
})

test('changes that overtake the first reading are not lost', async () => {
  const data = new MemoryData()
  const writer = new MemoryStore(data)
  const store = new MemoryStore(data)
  await writer.put(namespace('n'))
  await writer.put(entity('n', 'old'))
  const slow: ResourceStore = Object.assign(Object.create(store) as ResourceStore, {
    onChange: store.onChange.bind(store),
    list: async (): Promise<readonly StoredDocument[]> => {
      const before = await store.list()
      await writer.delete('hc/n/old')
      await writer.put(entity('n', 'new'))
      return before
    },
  })
  const catalog = await ResourceCatalog.open(slow)
  assert.deepEqual(
    catalog.list().map(({ name }) => name),
    ['new'],
  )
})

test('a closed catalog goes on answering by what it knew', async () => {
  const store = new MemoryStore()
  await store.put(namespace('n'))
  const catalog = await ResourceCatalog.open(store)
  catalog.close()
  await store.put(namespace('m'))
  assert.deepEqual(
    catalog.namespaces().map(({ name }) => name),
    ['n'],
  )
})

async function openCatalog(
  documents: readonly ResourceDocument[],
  options?: ResourceCatalogOptions,
): Promise<ResourceCatalog> {
  const store = new MemoryStore()
  for (const document of documents) await store.put(document)
  return ResourceCatalog.open(store, options)
}
