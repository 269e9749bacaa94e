import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '@postern/program'
import { isRelayError } from '@postern/protocol'
import { applyDeclaredResources, releaseDeclaredResources } from './apply-declared-resources.ts'
import { toDeclaration } from './check-declared-resources.ts'
import type { ResourcesDeclaration } from './declared-resources-schema.ts'
import { MemoryData, MemoryStore } from './memory/memory-store.ts'
import { entity, namespace } from './resource-store.contract.ts'
import { type ResourceDocument, type ResourceStore, rulesOf } from './resource-store.ts'

const listener = { name: 'listener', rights: ['Listen'] } as const

test('what is declared is written, with its defaults', async () => {
  const store = new MemoryStore()
  const now = new Date('2026-01-02T03:04:05Z')
  const declaration: ResourcesDeclaration = {
    namespaces: [
      {
        name: 'Local',
        hosts: ['Relay.Test'],
        default: true,
        rules: [{ name: 'root', rights: ['Listen', 'Send', 'Manage'], primaryKey: 'one', secondaryKey: 'two' }],
        hybridConnections: [
          { name: 'db', endpoint: 'db.corp:5432' },
          {
            name: 'web',
            httpResponseTimeout: '5m',
            actions: ['publish'],
            maxListeners: 3,
            requiresClientAuthorization: false,
            userMetadata: 'text',
          },
        ],
      },
    ],
  }
  const changes = await applyDeclaredResources(store, declaration, { now: () => now })
  assert.deepEqual(changes, { written: ['ns/local', 'hc/local/db', 'hc/local/web'], deleted: [], released: [] })
  const [db, web, local] = (await store.list()).map(({ document }) => document)
  const dates = { createdAt: now, updatedAt: now }
  assert.deepEqual(db, {
    kind: 'hybridConnection',
    origin: 'declared',
    value: {
      namespace: 'Local',
      name: 'db',
      requiresClientAuthorization: true,
      userMetadata: '[{"key":"endpoint","value":"db.corp:5432"}]',
      rules: [],
      ...dates,
    },
  })
  assert.deepEqual(web?.value, {
    namespace: 'Local',
    name: 'web',
    requiresClientAuthorization: false,
    userMetadata: 'text',
    httpResponseTimeoutMs: 300_000,
    actions: ['publish'],
    maxListeners: 3,
    rules: [],
    ...dates,
  })
  assert.ok(local?.kind === 'namespace' && local.value.isDefault)
  assert.deepEqual(local.value.hosts, ['relay.test'])
  assert.deepEqual(keysOf(local), ['one', 'two'])
})

test('applying the same again writes nothing, and keys that were made stay', async () => {
  const store = new MemoryStore()
  const declaration = withRules(listener)
  await applyDeclaredResources(store, declaration)
  const before = await store.list()
  assert.match(keysOf(before[0]?.document).join(' '), /^\S{44} \S{44}$/)
  assert.deepEqual(await applyDeclaredResources(store, declaration), { written: [], deleted: [], released: [] })
  assert.deepEqual(await store.list(), before)
})

test('keys that were made stay while other things change, whatever the case of names', async () => {
  const store = new MemoryStore()
  await applyDeclaredResources(store, withRules(listener), { now: () => new Date(1) })
  const [first] = await store.list()
  const changed = {
    namespaces: [{ name: 'LOCAL', hosts: ['h'], rules: [{ name: 'Listener', rights: ['Send'] }] }],
  } as const
  await applyDeclaredResources(store, changed, { now: () => new Date(2) })
  const [second] = await store.list()
  assert.deepEqual(keysOf(second?.document), keysOf(first?.document))
  assert.deepEqual([second?.document.value.createdAt, second?.document.value.updatedAt], [new Date(1), new Date(2)])
  assert.deepEqual(second && [nameOf(second.document), rulesOf(second.document)[0]?.name], ['LOCAL', 'Listener'])
})

test('a key that is declared replaces the one that was made, and nothing but a key is a change', async () => {
  const store = new MemoryStore()
  await applyDeclaredResources(store, withRules(listener))
  const [before] = await store.list()
  const changes = await applyDeclaredResources(store, withRules({ ...listener, primaryKey: 'mine' }))
  assert.deepEqual(changes.written, ['ns/local'])
  const [after] = await store.list()
  assert.deepEqual(keysOf(after?.document), ['mine', keysOf(before?.document)[1]])
})

test('what is no longer declared is deleted, what others made is not touched', async () => {
  const store = new MemoryStore()
  for (const document of [namespace('theirs'), entity('theirs', 'x')]) await store.put(document)
  const theirs = await store.list()
  await applyDeclaredResources(store, {
    namespaces: [
      { name: 'a', hybridConnections: [{ name: 'x' }, { name: 'y' }] },
      { name: 'b', hybridConnections: [{ name: 'x' }] },
    ],
  })
  const changes = await applyDeclaredResources(store, {
    namespaces: [{ name: 'a', hybridConnections: [{ name: 'y' }] }],
  })
  assert.deepEqual(changes, { written: [], deleted: ['hc/a/x', 'ns/b'], released: [] })
  assert.deepEqual(
    (await store.list()).map(({ key }) => key),
    ['hc/a/y', 'hc/theirs/x', 'ns/a', 'ns/theirs'],
  )
  assert.deepEqual((await applyDeclaredResources(store, { namespaces: [] })).deleted, ['ns/a'])
  assert.deepEqual(await store.list(), theirs)
})

test('a hybrid connection that somebody made in a declared namespace outlives the declaration', async () => {
  const store = new MemoryStore()
  await applyDeclaredResources(store, {
    namespaces: [{ name: 'a', rules: [listener], hybridConnections: [{ name: 'x' }] }],
  })
  const keys = keysOf((await store.get('ns/a'))?.document)
  await store.put(entity('a', 'theirs'))
  const changes = await applyDeclaredResources(store, { namespaces: [] })
  assert.deepEqual(changes, { written: [], deleted: ['hc/a/x'], released: ['ns/a'] })
  const kept = await store.list()
  assert.deepEqual(
    kept.map(({ key, document }) => [key, document.origin]),
    [
      ['hc/a/theirs', 'managed'],
      ['ns/a', 'managed'],
    ],
  )
  assert.deepEqual(keysOf(kept[1]?.document), keys)
})

test('a declaration takes over what somebody made under the same name, with its keys', async () => {
  const store = new MemoryStore()
  const rules = [{ ...listener, primaryKey: new Secret('one'), secondaryKey: new Secret('two') }]
  await store.put(namespace('local', { rules }))
  await applyDeclaredResources(store, withRules(listener))
  const [taken] = await store.list()
  assert.equal(taken?.document.origin, 'declared')
  assert.deepEqual(keysOf(taken.document), ['one', 'two'])
})

test('hosts and the default of a namespace that is not declared are not taken from it', async () => {
  const store = new MemoryStore()
  await store.put(namespace('theirs', { hosts: ['h.test'], isDefault: true }))
  const before = await store.list()
  const claim = { namespaces: [{ name: 'a', hosts: ['x.test', 'H.test'], default: true }] }
  await assert.rejects(
    applyDeclaredResources(store, claim, { locate: ({ path }) => `r.yaml:${path.length}` }),
    (error) => {
      assert.ok(isRelayError(error, 'InvalidConfiguration'))
      assert.deepEqual(error.message.split('\n'), [
        'r.yaml:3: namespaces[0].default: namespace theirs is the default already; write false, or change that one first',
        'r.yaml:4: namespaces[0].hosts[1]: namespace theirs has this host already; leave it out, or take it from that one first',
      ])
      return true
    },
  )
  assert.deepEqual(await store.list(), before)
})

test('hosts and the default move freely between declared namespaces', async () => {
  const store = new MemoryStore()
  await applyDeclaredResources(store, { namespaces: [{ name: 'a', hosts: ['h'], default: true }] })
  await applyDeclaredResources(store, { namespaces: [{ name: 'a' }, { name: 'b', hosts: ['h'], default: true }] })
  const changes = await applyDeclaredResources(store, { namespaces: [{ name: 'c', hosts: ['h'], default: true }] })
  assert.deepEqual(changes, { written: ['ns/c'], deleted: ['ns/a', 'ns/b'], released: [] })
})

test('a write of somebody else meanwhile is seen, not overwritten', async () => {
  const data = new MemoryData()
  const store = new MemoryStore(data)
  const other = new MemoryStore(data)
  let interruptions = 2
  const racing: ResourceStore = Object.assign(Object.create(store) as ResourceStore, {
    put: store.put.bind(store),
    delete: store.delete.bind(store),
    list: async () => {
      const listed = await store.list()
      if (interruptions-- > 0)
        await other.put(
          namespace('local', {
            rules: [
              { ...listener, primaryKey: new Secret(`theirs ${interruptions}`), secondaryKey: new Secret('two') },
            ],
          }),
        )
      return listed
    },
  })
  await applyDeclaredResources(racing, withRules(listener))
  assert.deepEqual(keysOf((await store.get('ns/local'))?.document), ['theirs 0', 'two'])
})

test('documents are released to the management API with their keys', async () => {
  const store = new MemoryStore()
  await store.put(namespace('theirs'))
  await applyDeclaredResources(store, withRules(listener))
  const keys = keysOf((await store.get('ns/local'))?.document)
  assert.deepEqual(await releaseDeclaredResources(store), ['ns/local'])
  const released = await store.get('ns/local')
  assert.equal(released?.document.origin, 'managed')
  assert.deepEqual(keysOf(released.document), keys)
  assert.deepEqual(await releaseDeclaredResources(store), [])
})

test('resources that a program gives are checked like a file', () => {
  assert.deepEqual(toDeclaration({ namespaces: [{ name: 'a', rules: undefined }] }).namespaces[0]?.name, 'a')
  assert.throws(
    () => toDeclaration({ namespaces: [{ nam: 'a' }] }),
    (error) => {
      assert.ok(isRelayError(error, 'InvalidConfiguration'))
      assert.match(error.message, /^namespaces\[0\]\.nam: unknown key; did you mean name\?$/m)
      return true
    },
  )
})

function withRules(...rules: NonNullable<ResourcesDeclaration['namespaces'][number]['rules']>): ResourcesDeclaration {
  return { namespaces: [{ name: 'local', rules }] }
}

function keysOf(document: ResourceDocument | undefined): string[] {
  return (document ? rulesOf(document) : []).flatMap((rule) => [rule.primaryKey.reveal(), rule.secondaryKey.reveal()])
}

function nameOf({ value }: ResourceDocument): string {
  return 'name' in value ? value.name : ''
}

test('roles at what is no longer declared, or was moved away, end with it', async () => {
  const store = new MemoryStore()
  const declared = (subscription: string, names: readonly string[]): ResourcesDeclaration => ({
    namespaces: ['one', 'two'].map((name) => ({
      name,
      subscription,
      resourceGroup: 'g',
      hybridConnections: names.map((entityName) => ({ name: entityName })),
    })),
  })
  const id = (subscription: string, path: string): string =>
    `/subscriptions/${subscription}/resourceGroups/g/providers/Microsoft.Relay/namespaces/${path}`
  await applyDeclaredResources(store, declared('s', ['db', 'db/2']))
  const assign = async (scope: string): Promise<void> => {
    const value = { id: scope, scope, roleDefinitionId: 'r', principalId: 'p', principalType: 'User' } as const
    const dates = { createdAt: new Date(), updatedAt: new Date() }
    await store.put({ kind: 'roleAssignment', value: { ...value, createdBy: 'x', ...dates } })
  }
  const scopes = async (): Promise<readonly string[]> =>
    (await store.list()).flatMap(({ document }) => (document.kind === 'roleAssignment' ? [document.value.scope] : []))
  const [db, db2] = [id('s', 'one/hybridConnections/db'), id('s', 'one/hybridConnections/db/2')]
  for (const scope of [db, db2, id('s', 'two'), id('s', 'one')]) await assign(scope)
  await applyDeclaredResources(store, declared('s', ['db/2']))
  assert.deepEqual(await scopes(), [id('s', 'one'), db2, id('s', 'two')])
  const { namespaces } = declared('s', ['db/2'])
  await applyDeclaredResources(store, { namespaces: namespaces.slice(0, 1) })
  assert.deepEqual(await scopes(), [id('s', 'one'), db2])
  await applyDeclaredResources(store, { namespaces: declared('t', ['db/2']).namespaces.slice(0, 1) })
  assert.deepEqual(await scopes(), [])
})

test('network rules are declared; where they are left out, those that stand there stay', async () => {
  const store = new MemoryStore()
  const network = async (): Promise<unknown> => {
    const document = (await store.get('ns/a'))?.document
    return document?.kind === 'namespace' && document.value.network
  }
  const apply = (declared: object): Promise<unknown> =>
    applyDeclaredResources(store, toDeclaration({ namespaces: [{ name: 'a', ...declared }] }))
  await apply({})
  const open = {
    publicNetworkAccess: 'Enabled',
    defaultAction: 'Allow',
    defaultActions: {},
    rules: [],
    trustedServiceAccessEnabled: false,
  }
  assert.deepEqual(await network(), open)
  const closed = {
    publicNetworkAccess: 'Disabled',
    networkRules: {
      default: 'Deny',
      manage: 'Deny',
      ipRules: ['10.0.0.0/8', { ipMask: 'fd00::/8', appliesTo: ['send', 'send'] }],
    },
  }
  await apply(closed)
  const written = {
    publicNetworkAccess: 'Disabled',
    defaultAction: 'Deny',
    defaultActions: { manage: 'Deny' },
    rules: [{ ipMask: '10.0.0.0/8' }, { ipMask: 'fd00::/8', appliesTo: ['send'] }],
    trustedServiceAccessEnabled: false,
  }
  assert.deepEqual(await network(), written)
  assert.deepEqual(await apply(closed), { written: [], deleted: [], released: [] })
  await apply({})
  assert.deepEqual(await network(), written)
  await apply({ publicNetworkAccess: 'Enabled' })
  assert.deepEqual(await network(), { ...written, publicNetworkAccess: 'Enabled' })
  await apply({ networkRules: {} })
  assert.deepEqual(await network(), open)
})
