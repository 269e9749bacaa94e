import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { isRelayError } from '@postern/protocol'
import type { AuditRecord } from '../domain/audit-record.ts'
import { chainOrigin } from './audit-chain.ts'
import { type AuditQuery, type AuditSearch, type AuditStore, maxAuditScan } from './audit-store.ts'

/** What every engine promises. `open` gives an empty store; the suite closes it. */
export function testAuditStore(engine: string, open: (t: TestContext) => Promise<AuditStore>): void {
  const openStore = async (t: TestContext): Promise<AuditStore> => {
    const store = await open(t)
    t.after(() => store.close())
    return store
  }

  describe(`${engine} keeps audit records`, () => {
    test('records are read as they were written, numbered from 1, newest first', async (t) => {
      const store = await openStore(t)
      store.append([fullRecord, exampleRecord({ at: new Date('2026-01-02') })])
      store.append([exampleRecord({ at: new Date('2026-01-03'), trackingId: 'last' })])
      await store.flush()
      const found = await store.query({ limit: 10 })
      assert.deepEqual(
        found.map(({ sequence }) => sequence),
        [3, 2, 1],
      )
      assert.deepEqual(found[2]?.record, fullRecord)
      assert.deepEqual(found[0]?.record, exampleRecord({ at: new Date('2026-01-03'), trackingId: 'last' }))
      assert.deepEqual(store.counts, { written: 3, lost: 0 })
    })

    test('a record that is older than the one before it keeps its place in the chain, and its time in an answer', async (t) => {
      const store = await openStore(t)
      for (const day of [2, 1, 3, 1]) store.append([exampleRecord({ at: new Date(2026, 0, day) })])
      await store.flush()
      const order = (await store.query({ limit: 10 })).map(({ sequence }) => sequence)
      assert.deepEqual(order, [3, 1, 4, 2])
      assert.equal((await store.verify()).broken, undefined)
    })

    test('the head follows the newest record; an empty log has zeros', async (t) => {
      const store = await openStore(t)
      assert.deepEqual(await store.head(), chainOrigin)
      store.append([fullRecord])
      await store.flush()
      const first = await store.head()
      assert.equal(first.sequence, 1)
      assert.match(first.hash, /^[0-9a-f]{64}$/)
      store.append([fullRecord])
      await store.flush()
      assert.notEqual((await store.head()).hash, first.hash)
    })

    test('a closed store refuses questions, drops records and may be closed again', async (t) => {
      const store = await openStore(t)
      store.append([fullRecord])
      await store.close()
      await store.close()
      store.append([fullRecord])
      await assert.rejects(store.query({ limit: 1 }), (error) => isRelayError(error, 'InternalError'))
      await assert.rejects(store.flush(), (error) => isRelayError(error, 'InternalError'))
    })
  })

  describe(`${engine} answers questions`, () => {
    test('each question finds exactly what fits', async (t) => {
      const store = await openStore(t)
      store.append(asked)
      await store.flush()
      for (const [name, question, expected] of questions) {
        const found = await store.query({ ...question, limit: 10 })
        assert.deepEqual(
          found.map(({ sequence }) => sequence),
          expected,
          name,
        )
      }
    })

    test('each search finds exactly what fits, whatever a question could ask included', async (t) => {
      const store = await openStore(t)
      store.append(asked)
      await store.flush()
      for (const [name, search, expected] of [...questions, ...searches]) {
        const { records, next } = await store.page({ ...search, limit: 10 })
        assert.deepEqual(
          records.map(({ sequence }) => sequence),
          expected,
          name,
        )
        assert.equal(next, undefined, name)
      }
    })

    test('a search ends with the last page, and a page never costs more than its look, however few fit', async (t) => {
      const store = await openStore(t)
      const others = Array.from({ length: maxAuditScan + 5 }, () => exampleRecord({ at: day(2) }))
      store.append([exampleRecord({ at: day(1), trackingId: 'rare' }), ...others])
      store.append([3, 4].map((each) => exampleRecord({ at: day(each), trackingId: 'rare' })))
      await store.flush()
      const pages: number[][] = []
      for (let before: number | undefined, isLast = false; !isLast; ) {
        const page = await store.page({ trackingId: 'rare', limit: 1, ...(before && { before }) })
        pages.push(page.records.map(({ sequence }) => sequence))
        before = page.next
        isLast = before === undefined
      }
      assert.deepEqual(pages, [[maxAuditScan + 8], [maxAuditScan + 7], [], [1]])
      const none = await store.page({ limit: 10, before: 1 })
      assert.deepEqual(none, { records: [] })
    })

    test('pages follow each other without a gap while new records come, also where times are equal', async (t) => {
      const store = await openStore(t)
      store.append(Array.from({ length: 25 }, (_, index) => exampleRecord({ at: day(1 + (index >> 3)) })))
      await store.flush()
      const seen: number[] = []
      for (let before: number | undefined; ; ) {
        const page = await store.query({ limit: 10, principal: 'user:ann', ...(before && { before }) })
        if (page.length === 0) break
        seen.push(...page.map(({ sequence }) => sequence))
        before = page.at(-1)?.sequence
        store.append([exampleRecord({ at: day(20) })])
        await store.flush()
      }
      assert.deepEqual(
        seen,
        Array.from({ length: 25 }, (_, index) => 25 - index),
      )
    })

    test('nothing stands behind a record that was deleted', async (t) => {
      const store = await openStore(t)
      store.append(asked)
      await store.flush()
      await store.prune(day(4))
      assert.deepEqual(await store.query({ limit: 10, before: 2 }), [])
    })
  })

  describe(`${engine} verifies its chain`, () => {
    test('an empty and a long log', async (t) => {
      const store = await openStore(t)
      assert.deepEqual(await store.verify(), { count: 0, head: chainOrigin })
      store.append(Array.from({ length: 2500 }, (_, index) => exampleRecord({ trackingId: `t${index}` })))
      await store.flush()
      const progress: number[] = []
      const { count, first, head, broken } = await store.verify({ onProgress: (checked) => progress.push(checked) })
      assert.deepEqual([count, first, head, broken], [2500, 1, await store.head(), undefined])
      assert.equal(progress.at(-1), 2500)
    })

    test('an expected head is found, and one that never was is not', async (t) => {
      const store = await openStore(t)
      store.append(asked)
      await store.flush()
      const head = await store.head()
      store.append(asked)
      await store.flush()
      assert.equal((await store.verify({ expectedHead: head })).broken, undefined)
      assert.equal((await store.verify({ expectedHead: chainOrigin })).broken, undefined)
      const other = await store.verify({ expectedHead: { sequence: 6, hash: 'f'.repeat(64) } })
      assert.deepEqual([other.broken?.kind, other.broken?.sequence], ['otherHead', 6])
      const beyond = await store.verify({ expectedHead: { sequence: 13, hash: head.hash } })
      assert.deepEqual([beyond.broken?.kind, beyond.broken?.sequence], ['cutOff', 13])
    })

    test('an aborted walk ends with the reason', async (t) => {
      const store = await openStore(t)
      store.append(asked)
      await store.flush()
      await assert.rejects(store.verify({ signal: AbortSignal.abort(new Error('enough')) }), /enough/)
    })
  })

  describe(`${engine} deletes old records`, () => {
    test('what is left still verifies from the anchor, and the chain goes on', async (t) => {
      const store = await openStore(t)
      store.append(asked)
      await store.flush()
      const before = await store.head()
      assert.equal(await store.prune(day(3)), 2)
      assert.equal(await store.prune(day(3)), 0)
      const verdict = await store.verify({ expectedHead: before })
      assert.deepEqual([verdict.count, verdict.first, verdict.broken], [4, 3, undefined])
      store.append(asked)
      await store.flush()
      assert.equal((await store.verify()).count, 10)
      const deleted = await store.verify({ expectedHead: { sequence: 1, hash: before.hash } })
      assert.equal(deleted.broken?.kind, 'headDeleted')
    })

    test('a log that takes too much loses its oldest records until it fits, and still verifies', async (t) => {
      const store = await openStore(t)
      const write = async (): Promise<void> => {
        store.append(Array.from({ length: 4000 }, () => exampleRecord({ reason: 'x'.repeat(200) })))
        await store.flush()
      }
      await write()
      const maxBytes = 600_000
      const deleted = await store.pruneToFit(maxBytes)
      assert.ok(deleted > 1000 && deleted < 4000, `${deleted}`)
      assert.equal(await store.pruneToFit(maxBytes), 0)
      const { first, count, broken } = await store.verify()
      assert.deepEqual([first, count, broken], [deleted + 1, 4000 - deleted, undefined])
      await write()
      const again = await store.pruneToFit(maxBytes)
      assert.ok(again > 3000 && again < 5000, `${again}`)
      assert.equal((await store.verify()).broken, undefined)
      assert.equal(await store.pruneToFit(1), 8000 - deleted - again)
      assert.deepEqual(await store.verify(), { count: 0, head: await store.head() })
    })

    test('an old record behind a younger one stays until that one goes', async (t) => {
      const store = await openStore(t)
      for (const each of [1, 5, 1]) store.append([exampleRecord({ at: day(each) })])
      await store.flush()
      assert.equal(await store.prune(day(3)), 1)
      assert.equal(await store.prune(day(6)), 2)
      const head = await store.head()
      assert.equal(head.sequence, 3)
      assert.deepEqual(await store.verify(), { count: 0, head })
      store.append([exampleRecord()])
      await store.flush()
      const { first, broken } = await store.verify({ expectedHead: head })
      assert.deepEqual([first, broken], [4, undefined])
    })
  })
}

/** A management call; `more` says what is different. */
export function exampleRecord(more: Partial<AuditRecord> = {}): AuditRecord {
  return {
    kind: 'management',
    at: new Date('2026-01-01T00:00:00.000Z'),
    trackingId: 'id_G0',
    principal: 'user:ann',
    action: 'Microsoft.Relay/namespaces/write',
    scope: namespace,
    result: 'succeeded',
    source: '192.0.2.1:4711',
    ...more,
  }
}

function day(ofMonth: number): Date {
  return new Date(Date.UTC(2026, 0, ofMonth))
}

const namespace = '/subscriptions/s/resourceGroups/rg/providers/Microsoft.Relay/namespaces/local'

function entity(name: string): string {
  return `${namespace}/hybridConnections/${name}`
}

/** Every member, and texts that want care. */
const fullRecord: AuditRecord = {
  kind: 'stream',
  at: new Date('2026-01-01T12:34:56.789Z'),
  trackingId: '918ffc54-ff91-44fa-80f0-cbfb90ba4317_G0',
  principal: 'rule:namespace/O\'Brien "root" \\ \u0000 \ud83d\ude00',
  action: 'connect',
  scope: entity('sub/päth'),
  result: 'failed',
  reason: 'line\nend',
  source: '[2001:db8::1]:4711',
  status: 502,
  stream: {
    listener: 'l1',
    target: 'db.corp:5432',
    bytesFromSender: 2 ** 53 - 1,
    bytesFromListener: 0,
    durationMs: 12.5,
    closeReason: 'sender: gone',
  },
  call: { method: 'PUT', correlationId: 'c1', clientRequestId: 'r1' },
}

const asked: readonly AuditRecord[] = [
  exampleRecord({ at: day(1), principal: 'user:bob (b-1)', scope: entity('db') }),
  exampleRecord({ at: day(2), result: 'refused' }),
  exampleRecord({ at: day(3), kind: 'stream', principal: 'rule:namespace/root', scope: `${entity('db')}/sub` }),
  exampleRecord({
    at: day(4),
    scope: entity('db2'),
    trackingId: 'other',
    call: { method: 'GET', correlationId: 'work-1' },
  }),
  exampleRecord({ at: day(5), kind: 'signIn', principal: 'unknown', scope: '/' }),
  exampleRecord({ at: day(6), kind: 'stream', principal: 'anonymous', scope: 'sb://relay.example.test/nothing' }),
]

const questions: readonly (readonly [string, Omit<AuditQuery, 'limit'>, readonly number[]])[] = [
  ['no demand', {}, [6, 5, 4, 3, 2, 1]],
  ['a time, first inclusive and last exclusive', { from: day(2), to: day(4) }, [3, 2]],
  ['one kind', { kinds: ['stream'] }, [6, 3]],
  ['two kinds', { kinds: ['stream', 'signIn'] }, [6, 5, 3]],
  ['no kind', { kinds: [] }, []],
  ['a principal', { principal: 'user:ann' }, [4, 2]],
  ['a principal spelt otherwise', { principal: 'USER:ANN' }, []],
  ['a result', { result: 'refused' }, [2]],
  ['everything at once', { kinds: ['management'], principal: 'user:ann', result: 'succeeded', from: day(3) }, [4]],
  ['a hybrid connection, in any case', { scopePrefix: entity('DB').toUpperCase() }, [3, 1]],
  ['a hybrid connection with a slash behind it', { scopePrefix: `${entity('db')}/` }, [3, 1]],
  ['a namespace', { scopePrefix: namespace }, [4, 3, 2, 1]],
  ['a resource group', { scopePrefix: '/subscriptions/s/resourceGroups/rg' }, [4, 3, 2, 1]],
  ['half a name', { scopePrefix: '/subscriptions/s/resourceGroups/r' }, []],
  ['a subscription and a principal', { scopePrefix: '/subscriptions/s', principal: 'user:ann' }, [4, 2]],
  ['an address', { scopePrefix: 'sb://relay.example.test' }, [6]],
  ['wild cards of SQL', { scopePrefix: '/subscriptions/%', principal: '%' }, []],
]

const searches: readonly (readonly [string, Omit<AuditSearch, 'limit'>, readonly number[]])[] = [
  ['a caller by name, in any case', { caller: 'ANN' }, [4, 2]],
  ['a caller by name and kind', { caller: 'user:bob' }, [1]],
  ['a caller by id', { caller: 'b-1' }, [1]],
  ['half a name', { caller: 'an' }, []],
  ['a tracking id', { trackingId: 'id_G0' }, [6, 5, 3, 2, 1]],
  ['a correlation id', { trackingId: 'work-1' }, [4]],
  ['a provider, in any case', { provider: 'microsoft.relay' }, [4, 3, 2, 1]],
  ['what names no provider', { provider: 'Microsoft.Resources' }, [6, 5]],
  ['no reads', { kinds: ['management'], withoutReads: true }, [2, 1]],
  ['no success', { withoutSuccess: true }, [2]],
]
