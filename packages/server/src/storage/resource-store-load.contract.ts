import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { isRelayError } from '@postern/protocol'
import { DocumentCopy } from './document-copy.ts'
import { entity, namespace, plain, type StoreFactory } from './resource-store.contract.ts'
import type { ResourceChange, ResourceDocument, ResourceStore, StoredDocument } from './resource-store.ts'

/** What the management plane relies on when many write at once, of every engine. */
export function testStoreUnderLoad(engine: string, createFactory: (t: TestContext) => Promise<StoreFactory>): void {
  const openStores = async (t: TestContext): Promise<readonly [ResourceStore, ResourceStore]> => {
    const factory = await createFactory(t)
    const stores = [await factory.open(), await factory.open()] as const
    t.after(async () => {
      for (const store of stores) await store.close()
    })
    return stores
  }

  describe(`${engine} under load`, () => {
    test('of 500 concurrent writes on condition exactly one wins each revision', async (t) => {
      const stores = await openStores(t)
      const names = ['a', 'b', 'c', 'd', 'e']
      let standing = await Promise.all(names.map((name) => stores[0].put(namespace(name, { hosts: ['first'] }))))
      for (let round = 0; round < 3; round += 1) {
        const outcomes = await Promise.all(
          Array.from({ length: 500 }, async (_, index) => {
            const base = standing[index % names.length]!
            const mine = namespace(names[index % names.length]!, { hosts: [`${round}.${index}`] })
            return putOnCondition(stores[index % 2]!, mine, base.revision)
          }),
        )
        const winners = outcomes.filter((outcome) => outcome !== undefined)
        assert.deepEqual(winners.map(({ key }) => key).toSorted(), standing.map(({ key }) => key).toSorted())
        standing = winners.toSorted((a, b) => (a.key < b.key ? -1 : 1))
        assert.deepEqual((await stores[1].list()).map(plain), standing.map(plain))
      }
    })

    test('of 500 concurrent writes that demand absence one of each name succeeds', async (t) => {
      const stores = await openStores(t)
      const outcomes = await Promise.allSettled(
        Array.from({ length: 500 }, (_, index) =>
          stores[index % 2]!.put(entity('n', `x${index % 50}`, { userMetadata: `${index}` }), 'absent'),
        ),
      )
      const written = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
      assert.deepEqual(
        (await stores[0].list()).map(plain),
        written.map(plain).toSorted((a, b) => (a!.key < b!.key ? -1 : 1)),
      )
      assert.equal(written.length, 50)
    })

    test('a count that many raise, reading and writing on condition until it holds, loses nobody', async (t) => {
      const stores = await openStores(t)
      await stores[0].put(entity('n', 'count', { maxListeners: 0 }))
      const raise = async (store: ResourceStore): Promise<void> => {
        for (;;) {
          const standing = await store.get('hc/n/count')
          const next = entity('n', 'count', { maxListeners: countOf(standing) + 1 })
          if (await putOnCondition(store, next, standing!.revision)) return
        }
      }
      await Promise.all(Array.from({ length: 40 }, (_, index) => raise(stores[index % 2]!)))
      assert.equal(countOf(await stores[0].get('hc/n/count')), 40)
    })

    test('changes come in the order of commits: each follows on the one before of its document', async (t) => {
      const stores = await openStores(t)
      const seen = stores.map(follow)
      const writes = await storm(stores)
      // Its change is the last one, for every store.
      const last = await stores[0].put(namespace('last'))
      const [mine, others] = await Promise.all(seen.map((watch) => watch.until(last.revision)))
      assert.deepEqual(mine!.map(summary), others!.map(summary))
      assert.ok(mine!.length > writes / 2, `only ${mine!.length} changes of ${writes} writes`)
      const documents = new Map<string, StoredDocument>()
      for (const change of mine!) {
        assert.deepEqual(plain(change.previous), plain(documents.get(change.key)), change.key)
        if (change.kind === 'put') documents.set(change.key, change.stored)
        else documents.delete(change.key)
      }
      const replayed = [...documents.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1))
      assert.deepEqual((await stores[1].list()).map(plain), replayed.map(plain))
    })

    test('a list holds what was acknowledged before it was asked for, and nothing that was deleted before', async (t) => {
      const stores = await openStores(t)
      const noise = storm(stores)
      for (let round = 0; round < 20; round += 1) {
        const [writer, reader] = round % 2 === 0 ? stores : [stores[1], stores[0]]
        const written = await writer.put(entity('quiet', `x${round}`))
        if (round > 0) await writer.delete(`hc/quiet/x${round - 1}`)
        const quiet = (await reader.list()).filter(({ key }) => key.startsWith('hc/quiet/'))
        assert.deepEqual(quiet.map(plain), [plain(written)])
      }
      await noise
    })

    test('a copy that was opened amid writes ends as the store does', async (t) => {
      const stores = await openStores(t)
      const noise = storm(stores)
      const copies = [await DocumentCopy.open(stores[0]), await DocumentCopy.open(stores[1])]
      const seen = stores.map(follow)
      await noise
      const last = await stores[0].put(namespace('last'))
      await Promise.all(seen.map((watch) => watch.until(last.revision)))
      const expected = (await stores[0].list()).map(plain)
      for (const copy of copies) {
        const copied = [...copy.list('hybridConnection'), ...copy.list('namespace')]
        assert.deepEqual(copied.map(plain), expected)
        copy.close()
      }
    })
  })
}

/** Undefined when somebody else was quicker. */
async function putOnCondition(
  store: ResourceStore,
  document: ResourceDocument,
  revision: string,
): Promise<StoredDocument | undefined> {
  try {
    return await store.put(document, { revision })
  } catch (error) {
    assert.ok(isRelayError(error, 'PreconditionFailed'), String(error))
    return undefined
  }
}

/** Writes of all sorts, 500 under way at once, over few names so that they meet; gives their number. */
async function storm(stores: readonly ResourceStore[]): Promise<number> {
  const outcomes = await Promise.allSettled(
    Array.from({ length: 500 }, (_, index): Promise<unknown> => {
      const store = stores[index % stores.length]!
      const place = `n${index % 7}`
      if (index % 41 === 40) return store.delete(`ns/${place}`)
      if (index % 11 === 10) return store.delete(`hc/${place}/x${index % 5}`)
      if (index % 5 === 4) return store.put(namespace(place, { hosts: [`h${index}`] }))
      return store.put(entity(place, `x${index % 5}`, { userMetadata: `${index}` }), index % 3 === 2 ? 'absent' : 'any')
    }),
  )
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') assert.ok(isRelayError(outcome.reason, 'PreconditionFailed'), outcome.reason)
  }
  return outcomes.length
}

interface Watch {
  /** Everything that was reported until a write with this revision was, itself included. */
  until(revision: string): Promise<readonly ResourceChange[]>
}

function follow(store: ResourceStore): Watch {
  const changes: ResourceChange[] = []
  let wake: () => void = () => {}
  store.onChange((change) => {
    changes.push(change)
    wake()
  })
  return {
    until: async (revision) => {
      const signal = AbortSignal.timeout(5000)
      for (;;) {
        if (changes.some((change) => change.kind === 'put' && change.stored.revision === revision)) return changes
        await new Promise<void>((resolve, reject) => {
          wake = resolve
          signal.addEventListener('abort', () => reject(new Error(`saw ${changes.length} changes, not the last one`)))
        })
      }
    },
  }
}

function summary(change: ResourceChange): unknown {
  return [change.kind, change.key, change.kind === 'put' && change.stored.revision, change.previous?.revision]
}

function countOf(stored: StoredDocument | undefined): number {
  return (stored?.document.kind === 'hybridConnection' && stored.document.value.maxListeners) || 0
}
