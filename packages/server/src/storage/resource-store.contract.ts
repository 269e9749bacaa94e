import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { Secret } from '@postern/program'
import { isRelayError } from '@postern/protocol'
import type { AuthorizationRule } from '../domain/authorization-rule.ts'
import { openNetworkAccess } from '../domain/network-access.ts'
import { defaultPlacement } from '../domain/resource-placement.ts'
import { type DocumentValues, documentKinds } from './document-kinds.ts'
import {
  hybridConnectionKey,
  namespaceKey,
  type ResourceChange,
  type ResourceDocument,
  type ResourceStore,
  type StoredDocument,
} from './resource-store.ts'

/** Opens any number of stores on the same data, which is empty at first. The suite closes the stores. */
export interface StoreFactory {
  open(): Promise<ResourceStore>
}

/** What every engine promises. `createFactory` makes new data for each test and cleans up after it. */
export function testResourceStore(engine: string, createFactory: (t: TestContext) => Promise<StoreFactory>): void {
  const openStores = async (t: TestContext): Promise<readonly [ResourceStore, ResourceStore]> => {
    const factory = await createFactory(t)
    const stores = [await factory.open(), await factory.open()] as const
    t.after(async () => {
      for (const store of stores) await store.close()
    })
    return stores
  }

  describe(`${engine} keeps resources`, () => {
    test('a document is read as it was written, by every store', async (t) => {
      const [store, other] = await openStores(t)
      const written = await store.put(fullEntity)
      assert.equal(written.key, 'hc/local/sub/db')
      for (const reader of [store, other]) {
        const read = await reader.get(written.key)
        assert.deepEqual(plain(read), plain(written))
        assert.deepEqual(plain(read)?.document, plain({ ...written, document: fullEntity })?.document)
      }
    })

    test('documents of every kind are read as they were written', async (t) => {
      const [store, other] = await openStores(t)
      const written = await Promise.all(everyKind.map((document) => store.put(document)))
      assert.deepEqual(
        new Set(written.map(({ document }) => document.kind)),
        new Set(Object.keys(documentKinds)),
        'a kind is missing here',
      )
      assert.deepEqual(
        (await other.list()).map(plain),
        written.map(plain).toSorted((a, b) => (a!.key < b!.key ? -1 : 1)),
      )
    })

    test('whatever names and values tags have, they are read as they were written', async (t) => {
      const [store, other] = await openStores(t)
      const texts = ['sealed', 'sealed_', 'sealed__', '_sealed', 'v1.00000000.x.y', 'constructor', '', '{"sealed":"x"}']
      for (const text of texts) {
        const written = await store.put(namespace('local', { tags: { [text]: text } }))
        assert.deepEqual(plain(await other.get('ns/local')), plain(written), text)
      }
      const all = Object.fromEntries(texts.map((text) => [text, text]))
      await store.put(namespace('local', { tags: all }))
      const read = await other.get('ns/local')
      assert.deepEqual(read?.document.kind === 'namespace' && read.document.value.tags, all)
    })

    test('absent optional members stay absent, and what nobody declared is managed', async (t) => {
      const [store] = await openStores(t)
      await store.put(entity('local', 'bare'))
      const read = await store.get(hybridConnectionKey('local', 'bare'))
      assert.deepEqual(
        Object.keys(read!.document.value).toSorted(),
        Object.keys(entity('local', 'bare').value).toSorted(),
      )
      assert.equal(read!.document.origin, 'managed')
    })

    test('a document that is not there is undefined', async (t) => {
      const [store] = await openStores(t)
      assert.equal(await store.get('ns/none'), undefined)
      assert.deepEqual(await store.list(), [])
    })

    test('names are one whatever their case, and keep the case of the last write', async (t) => {
      const [store] = await openStores(t)
      await store.put(namespace('Local'))
      await store.put(namespace('LOCAL'))
      const all = await store.list()
      assert.deepEqual(
        all.map(({ key, document }) => [key, 'name' in document.value && document.value.name]),
        [['ns/local', 'LOCAL']],
      )
    })

    test('the list is in key order', async (t) => {
      const [store] = await openStores(t)
      const documents = [
        namespace('b'),
        entity('b', 'x'),
        entity('a', 'y/z'),
        namespace('a'),
        entity('a', 'y'),
        entity('a', 'ö'),
      ]
      await Promise.all(documents.map((document) => store.put(document)))
      const keys = (await store.list()).map(({ key }) => key)
      assert.deepEqual(keys, ['hc/a/y', 'hc/a/y/z', 'hc/a/ö', 'hc/b/x', 'ns/a', 'ns/b'])
    })

    test('every write gives a revision that was never there before, also after a deletion', async (t) => {
      const [store, other] = await openStores(t)
      const revisions = new Set<string>()
      for (let round = 0; round < 5; round += 1) {
        revisions.add((await store.put(namespace('a'))).revision)
        revisions.add((await other.put(namespace('a'))).revision)
        await store.delete('ns/a')
      }
      assert.equal(revisions.size, 10)
    })

    test('a write that demands absence succeeds once', async (t) => {
      const [store, other] = await openStores(t)
      await store.put(namespace('a'), 'absent')
      await assert.rejects(other.put(namespace('A'), 'absent'), isPreconditionFailed)
    })

    test('of many writers with the same revision one wins', async (t) => {
      const stores = await openStores(t)
      const { revision } = await stores[0].put(namespace('a'))
      const outcomes = await Promise.allSettled(
        Array.from({ length: 20 }, (_, index) =>
          stores[index % 2]!.put(namespace('a', { hosts: [`h${index}`] }), { revision }),
        ),
      )
      const [won, ...more] = outcomes.filter((outcome) => outcome.status === 'fulfilled')
      assert.equal(more.length, 0)
      assert.deepEqual(plain(await stores[1].get('ns/a')), plain(won!.value))
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') assert.ok(isPreconditionFailed(outcome.reason))
      }
    })

    test('a revision cannot be demanded of what is not there', async (t) => {
      const [store] = await openStores(t)
      const { revision } = await store.put(namespace('a'))
      await store.delete('ns/a')
      await assert.rejects(store.put(namespace('a'), { revision }), isPreconditionFailed)
      await assert.rejects(store.delete('ns/a', { revision }), isPreconditionFailed)
    })

    test('a deletion tells whether there was something, and obeys its condition', async (t) => {
      const [store, other] = await openStores(t)
      const first = await store.put(namespace('a'))
      const second = await other.put(namespace('a'))
      await assert.rejects(store.delete('ns/a', { revision: first.revision }), isPreconditionFailed)
      assert.equal(await store.delete('ns/a', { revision: second.revision }), true)
      assert.equal(await other.delete('ns/a'), false)
    })

    test('a namespace takes along what is under it, and nothing whose name only begins alike', async (t) => {
      const [store, other] = await openStores(t)
      const documents = [
        namespace('a'),
        namespace('ab'),
        namespace('a-'),
        entity('a', 'x'),
        entity('A', 'y/z'),
        entity('ab', 'x'),
        entity('a_', 'x'),
        ingress('A', 'web'),
        ingress('ab', 'web'),
      ]
      await Promise.all(documents.map((document) => store.put(document)))
      assert.equal(await other.delete(namespaceKey('a')), true)
      assert.deepEqual(
        (await store.list()).map(({ key }) => key),
        ['hc/a_/x', 'hc/ab/x', 'ingress/ab/web', 'ns/a-', 'ns/ab'],
      )
    })

    test('a hybrid connection takes along no other, also when its name begins alike', async (t) => {
      const [store] = await openStores(t)
      for (const name of ['x', 'x/y', 'xy']) await store.put(entity('a', name))
      await store.delete(hybridConnectionKey('a', 'x'))
      assert.deepEqual(
        (await store.list()).map(({ key }) => key),
        ['hc/a/x/y', 'hc/a/xy'],
      )
    })

    test('names with wild cards of query languages are names', async (t) => {
      const [store] = await openStores(t)
      for (const name of ['a%', 'a_', 'a*', "a'", 'a?', 'a>']) await store.put(entity('n', name))
      await store.delete(hybridConnectionKey('n', 'a%'))
      assert.equal((await store.list()).length, 5)
    })
  })

  describe(`${engine} reports changes`, () => {
    test('a write has reached the callbacks of its own store when its promise resolves', async (t) => {
      const [store] = await openStores(t)
      const changes: ResourceChange[] = []
      store.onChange((change) => changes.push(change))
      const first = await store.put(namespace('a'))
      assert.deepEqual(changes.map(plainChange), [
        { kind: 'put', key: 'ns/a', stored: plain(first), previous: undefined },
      ])
      const second = await store.put(namespace('a', { hosts: ['h'] }))
      assert.deepEqual(plainChange(changes[1]!), {
        kind: 'put',
        key: 'ns/a',
        stored: plain(second),
        previous: plain(first),
      })
      await store.delete('ns/a')
      assert.deepEqual(plainChange(changes[2]!), {
        kind: 'delete',
        key: 'ns/a',
        previous: plain(second),
        stored: undefined,
      })
    })

    test('every store sees the changes of all, in the same order', async (t) => {
      const stores = await openStores(t)
      const seen = stores.map((store) => collect(store, 41))
      await Promise.all(
        Array.from({ length: 40 }, (_, index) =>
          stores[index % 2]!.put(namespace(`n${index % 7}`, { hosts: [`h${index}`] })),
        ),
      )
      await stores[1].delete('ns/n0')
      const [mine, others] = await Promise.all(seen)
      assert.deepEqual(mine!.map(plainChange), others!.map(plainChange))
      for (const [index, change] of mine!.entries()) {
        const before = mine!.slice(0, index).findLast(({ key }) => key === change.key)
        assert.deepEqual(plain(change.previous), before?.kind === 'put' ? plain(before.stored) : undefined)
      }
    })

    test('what a namespace takes along is reported before the namespace', async (t) => {
      const [store, other] = await openStores(t)
      for (const document of [namespace('a'), entity('a', 'y'), entity('a', 'x')]) await store.put(document)
      const seen = collect(other, 3)
      await store.delete('ns/a')
      assert.deepEqual(
        (await seen).map(({ kind, key }) => [kind, key]),
        [
          ['delete', 'hc/a/x'],
          ['delete', 'hc/a/y'],
          ['delete', 'ns/a'],
        ],
      )
    })

    test('a write that fails changes and reports nothing', async (t) => {
      const [store] = await openStores(t)
      await store.put(namespace('a'))
      const changes: ResourceChange[] = []
      store.onChange((change) => changes.push(change))
      await assert.rejects(store.put(namespace('a', { hosts: ['x'] }), 'absent'))
      await store.put(namespace('b'))
      assert.deepEqual(
        changes.map(({ key }) => key),
        ['ns/b'],
      )
    })

    test('a callback that throws keeps the change from nobody else', async (t) => {
      const [store] = await openStores(t)
      t.mock.method(process, 'emitWarning', () => {})
      store.onChange(() => {
        throw new Error('broken callback')
      })
      const seen = collect(store, 1)
      await store.put(namespace('a'))
      assert.equal((await seen).length, 1)
    })

    test('a callback is not called after it was taken back', async (t) => {
      const [store] = await openStores(t)
      let calls = 0
      const unsubscribe = store.onChange(() => (calls += 1))
      await store.put(namespace('a'))
      unsubscribe()
      await store.put(namespace('b'))
      assert.equal(calls, 1)
    })
  })

  describe(`${engine} closes`, () => {
    test('writes under way are done first, later calls are refused, closing twice is allowed', async (t) => {
      const [store, other] = await openStores(t)
      const writes = Array.from({ length: 10 }, (_, index) => store.put(namespace(`n${index}`)))
      await store.close()
      await Promise.all(writes)
      assert.equal((await other.list()).length, 10)
      await assert.rejects(store.put(namespace('late')))
      await assert.rejects(store.get('ns/n0'))
      await store.close()
    })

    test('a closed store is told nothing', async (t) => {
      const [store, other] = await openStores(t)
      let calls = 0
      store.onChange(() => (calls += 1))
      await store.close()
      await other.put(namespace('a'))
      assert.equal(calls, 0)
    })
  })
}

/** A namespace document for tests. */
export function namespace(name: string, changes: Partial<NamespaceValue> = {}): ResourceDocument {
  const dates = { createdAt: new Date(1_700_000_000_000), updatedAt: new Date(1_700_000_000_001) }
  return {
    kind: 'namespace',
    value: {
      ...defaultPlacement,
      name,
      hosts: [],
      isDefault: false,
      rules: [rule('root')],
      network: openNetworkAccess,
      privateEndpointConnections: [],
      ingress: [],
      ...dates,
      ...changes,
    },
  }
}

/** A hybrid connection document for tests. */
export function entity(namespace: string, name: string, changes: Partial<EntityValue> = {}): ResourceDocument {
  const dates = { createdAt: new Date(1_700_000_000_000), updatedAt: new Date(1_700_000_000_001) }
  const value = { namespace, name, requiresClientAuthorization: true, rules: [], ...dates, ...changes }
  return { kind: 'hybridConnection', value }
}

/** An ingress entry that the management API has made, for tests. */
export function ingress(namespace: string, name: string): ResourceDocument {
  const entry: DocumentValues['ingress']['entry'] = {
    name,
    hybridConnection: 'db',
    protocol: 'tcp',
    port: 443,
    hosts: ['a.test'],
    tls: 'terminate',
    clientAuthorityPem: 'authority',
    certificate: { certPem: 'chain', keyPem: new Secret('key of the certificate') },
    framing: 'raw',
    access: 'guarded',
    users: [{ name: 'alice', passwordHash: 'scrypt$1$1$1$a$b' }],
    maxConnections: 1,
    maxConnectionsPerSource: 1,
    connectionsPerSecondPerSource: 1,
    trustedProxies: ['10.0.0.1'],
  }
  return { kind: 'ingress', value: { namespace, name, entry, ...dates } }
}

type NamespaceValue = DocumentValues['namespace']
type EntityValue = DocumentValues['hybridConnection']

const dates = { createdAt: new Date(1_700_000_000_000), updatedAt: new Date(1_700_000_000_001) }

const fullEntity: ResourceDocument = {
  ...entity('local', 'sub/DB', {
    requiresClientAuthorization: false,
    userMetadata: '[{"key":"endpoint","value":"db.corp:5432"}] ö \u0000 😀',
    httpResponseTimeoutMs: 1500,
    maxListeners: 3,
    actions: ['request', 'send', 'publish'],
    rules: [rule('listener'), rule('Sender')],
  }),
  origin: 'declared',
}

/** One document of each kind, with every optional member. */
export const everyKind: readonly ResourceDocument[] = [
  namespace('Local', {
    subscriptionId: 'sub 1',
    tags: { a: 'b' },
    network: {
      ...openNetworkAccess,
      defaultActions: { listen: 'Deny' },
      rules: [{ ipMask: '10.0.0.0/8' }, { ipMask: 'fd00::/8', appliesTo: ['send'] }],
    },
    privateEndpointConnections: [{ name: 'p', privateEndpointId: '/x', status: 'Approved', description: '' }],
  }),
  fullEntity,
  { kind: 'resourceGroup', value: { subscriptionId: 's', name: 'RG', location: 'l', tags: {}, ...dates } },
  {
    kind: 'plan',
    value: { ...defaultPlacement, name: 'p', kind: 'linux', sku: 'B1', tier: 'Basic', capacity: 1, ...dates },
  },
  {
    kind: 'app',
    value: {
      ...defaultPlacement,
      name: 'a',
      kind: 'app',
      planId: '/p',
      principalId: 'i',
      hybridConnections: [
        {
          namespace: 'local',
          relayName: 'db',
          relayArmUri: '/r',
          sendKeyName: 'defaultSender',
          sendKeyScope: 'namespace',
          sendKey: 'secondary',
          attachedAt: new Date(5),
        },
      ],
      slots: [{ name: 'staging', hybridConnections: [] }],
      ...dates,
    },
  },
  {
    kind: 'roleDefinition',
    value: {
      id: 'd',
      roleName: 'r',
      description: '',
      permissions: [{ actions: ['*'], notActions: [], dataActions: [], notDataActions: [] }],
      assignableScopes: ['/'],
      createdBy: 'x',
      updatedBy: 'y',
      ...dates,
    },
  },
  {
    kind: 'roleAssignment',
    value: {
      id: 'a',
      scope: '/',
      roleDefinitionId: 'd',
      principalId: 'p',
      principalType: 'User',
      description: 'why',
      createdBy: 'x',
      updatedBy: 'y',
      ...dates,
    },
  },
  {
    kind: 'principal',
    value: {
      id: 'p',
      clientId: 'c',
      kind: 'user',
      displayName: 'P',
      signInName: 'p',
      isEnabled: true,
      credentials: [
        { kind: 'password', id: '1', displayName: '', hash: 'h', createdAt: new Date(1), expiresAt: new Date(2) },
        { kind: 'key', id: '2', displayName: '', publicKey: 'k', thumbprint: 't', createdAt: new Date(1) },
      ],
      ...dates,
    },
  },
  { kind: 'signingKey', value: { id: 'k', algorithm: 'ES256', privateJwk: new Secret('{"d":"x"}'), ...dates } },
  {
    kind: 'hcm',
    value: {
      id: 'h',
      name: 'site',
      subscriptionId: 's',
      principalId: 'p',
      version: '1',
      address: '10.0.0.1',
      lastSeenAt: new Date(3),
      isOnline: true,
      entities: [{ namespace: 'local', name: 'db', target: 'Unreachable', lastError: 'refused', since: new Date(4) }],
      ...dates,
    },
  },
  {
    kind: 'hcmEnrolment',
    value: {
      id: 'e',
      subscriptionId: 's',
      secretHash: 'h',
      hybridConnections: ['/x'],
      createdBy: 'p',
      expiresAt: new Date(9),
      ...dates,
    },
  },
  {
    kind: 'refreshSession',
    value: {
      id: 'aaaaaaaa-0000-4000-8000-000000000001',
      principalId: 'aaaaaaaa-0000-4000-8000-000000000002',
      clientId: 'cli',
      secretHash: 'sha256$salt$hash',
      previousHash: 'sha256$salt$older',
      credentialsStamp: 'stamp',
      expiresAt: new Date('2026-12-01T00:00:00Z'),
      endsAt: new Date('2027-02-01T00:00:00Z'),
      ...dates,
    },
  },
  ingress('local', 'web'),
  {
    kind: 'namespaceUsage',
    value: {
      namespace: 'local',
      month: '2026-11',
      entities: { db: { listenerSeconds: 1.5, peakListeners: 2, bytes: 3, connections: 4 } },
      ...dates,
    },
  },
]

function rule(name: string): AuthorizationRule {
  const key = (which: string): Secret => new Secret(`${which} key of ${name} ö`)
  return { name, rights: ['Listen', 'Send'], primaryKey: key('primary'), secondaryKey: key('secondary') }
}

function isPreconditionFailed(error: unknown): boolean {
  return isRelayError(error, 'PreconditionFailed')
}

/** The next changes that a store reports. */
function collect(store: ResourceStore, count: number): Promise<readonly ResourceChange[]> {
  return new Promise((resolve, reject) => {
    const changes: ResourceChange[] = []
    const timer = setTimeout(() => reject(new Error(`saw ${changes.length} of ${count} changes`)), 5000)
    const unsubscribe = store.onChange((change) => {
      changes.push(change)
      if (changes.length < count) return
      clearTimeout(timer)
      unsubscribe()
      resolve(changes)
    })
  })
}

export interface PlainDocument {
  readonly key: string
  readonly revision: string
  readonly document: unknown
}

/** Secrets as text: two secrets are deeply equal whatever they hold. */
export function plain(stored: StoredDocument | undefined): PlainDocument | undefined {
  if (!stored) return undefined
  return { ...stored, document: revealed(stored.document) }
}

function revealed(value: unknown): unknown {
  if (value instanceof Secret) return value.reveal()
  if (Array.isArray(value)) return value.map(revealed)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, revealed(member)]))
}

function plainChange(change: ResourceChange): unknown {
  const stored = change.kind === 'put' ? change.stored : undefined
  return { kind: change.kind, key: change.key, stored: plain(stored), previous: plain(change.previous) }
}
