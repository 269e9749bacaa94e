import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { isRelayError } from '@postern/protocol'
import { DocumentCopy } from '../storage/document-copy.ts'
import type { DocumentValues } from '../storage/document-kinds.ts'
import { MemoryStore } from '../storage/memory/memory-store.ts'
import { entity } from '../storage/resource-store.contract.ts'
import type { ResourceStore } from '../storage/resource-store.ts'
import type { DocumentWriter } from './document-writer.ts'
import { deleteDocument, writeDocument } from './write-document.ts'

type Entity = DocumentValues['hybridConnection']

const anything = { ifMatch: undefined, ifNoneMatch: undefined }
const path = ['n', 'x']

test('writes of one document at once all succeed, each upon the one before', async (t) => {
  const writer = await openWriter(t)
  const writes = Array.from({ length: 100 }, () =>
    writeDocument(writer, anything, {
      kind: 'hybridConnection',
      path,
      make: (standing) => raised(standing?.document.value),
    }),
  )
  const counts = (await Promise.all(writes)).map(({ stored }) => stored.document.value.maxListeners)
  assert.deepEqual(
    counts,
    Array.from({ length: 100 }, (_, index) => index + 1),
  )
})

test('of writes at once that name the same revision one succeeds', async (t) => {
  const writer = await openWriter(t)
  const { revision } = await writer.store.put(entity('n', 'x'))
  const change = { kind: 'hybridConnection', path, make: () => raised(undefined) } as const
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, () => writeDocument(writer, { ...anything, ifMatch: `"${revision}"` }, change)),
  )
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') assert.ok(isRelayError(outcome.reason, 'PreconditionFailed'))
  }
})

test('a write that others overtake outside of this process is made again', async (t) => {
  const writer = await openWriter(t)
  let overtaken = 3
  const make = (standing: { readonly document: { readonly value: Entity } } | undefined): Entity => {
    if (overtaken-- > 0) void writer.store.put(entity('n', 'x', { maxListeners: 100 }))
    return raised(standing?.document.value)
  }
  const { stored } = await writeDocument(writer, anything, { kind: 'hybridConnection', path, make })
  assert.equal(stored.document.value.maxListeners, 101)
})

test('of deletions at once one finds something, and a write that failed keeps nobody waiting', async (t) => {
  const writer = await openWriter(t)
  await writer.store.put(entity('n', 'x'))
  const make = (): never => {
    throw new Error('cannot be made')
  }
  const failed = writeDocument(writer, anything, { kind: 'hybridConnection', path, make })
  const deletions = [1, 2, 3].map(() => deleteDocument(writer, anything, { kind: 'hybridConnection', path }))
  await assert.rejects(failed, /cannot be made/)
  assert.deepEqual(await Promise.all(deletions), [true, false, false])
  assert.equal(writer.documents.writers.size, 0)
})

/** A store that takes its time, as a disk does. */
async function openWriter(t: TestContext): Promise<DocumentWriter> {
  const memory = new MemoryStore()
  const late = <Result>(call: () => Promise<Result>): Promise<Result> =>
    new Promise((resolve, reject) => {
      setImmediate(() => void call().then(resolve, reject))
    })
  const store: ResourceStore = Object.assign(Object.create(memory) as ResourceStore, {
    put: (...args: Parameters<ResourceStore['put']>) => late(() => memory.put(...args)),
    delete: (...args: Parameters<ResourceStore['delete']>) => late(() => memory.delete(...args)),
  })
  const documents = await DocumentCopy.open(memory)
  t.after(() => documents.close())
  return { store, documents }
}

function raised(standing: Entity | undefined): Entity {
  const value = entity('n', 'x').value as Entity
  return { ...value, maxListeners: (standing?.maxListeners ?? 0) + 1 }
}
