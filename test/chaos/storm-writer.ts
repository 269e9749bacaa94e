// A process that writes to a store with 500 writers until it is killed. Arguments: data folder, journal, seed.
import { isRelayError } from '@postern/protocol'
import {
  hybridConnectionKey,
  namespaceKey,
  type ResourceDocument,
  type WriteCondition,
} from '../../packages/server/src/storage/resource-store.ts'
import { SqliteStore } from '../../packages/server/src/storage/sqlite/sqlite-store.ts'
import { sharedName } from './check-storm.ts'
import { createRandom, type Random } from './random.ts'
import { markedEntity, markedNamespace, standingOf } from './storm-documents.ts'
import { WriteJournal } from './write-journal.ts'

const [dataDir = '', journalFile = '', seed = ''] = process.argv.slice(2)
const store = await SqliteStore.open({ dataDir })
const journal = new WriteJournal(journalFile)
const standing = new Map((await store.list()).map(standingOf))
let marks = 0
let isAnnounced = false

/** Longest first, so that all are under way at once. */
const writers: readonly { readonly count: number; readonly write: (index: number, random: Random) => Promise<void> }[] =
  [
    { count: 300, write: writeOwn },
    { count: 100, write: writeFamily },
    { count: 100, write: writeShared },
  ]
for (const { count, write } of writers) {
  for (let index = 0; index < count; index += 1) void goOn(index, write)
}

async function goOn(index: number, write: (index: number, random: Random) => Promise<void>): Promise<never> {
  const random = createRandom(Number(seed) + index)
  for (;;) await write(index, random)
}

/** One document that nobody else writes: made, replaced and deleted, with conditions that hold and some that do not. */
async function writeOwn(index: number, random: Random): Promise<void> {
  const name = `own${index}`
  const key = hybridConnectionKey('own', name)
  const base = standing.get(key)?.revision
  const document = (mark: string): ResourceDocument => markedEntity('own', name, mark)
  if (base === undefined) return put(key, document, 'absent')
  const choice = random.next()
  if (choice < 0.3) return put(key, document, 'any')
  if (choice < 0.6) return put(key, document, { revision: base })
  if (choice < 0.7) return put(key, document, 'absent')
  return remove(key, choice < 0.8 ? { revision: base } : 'any')
}

/** A namespace with five hybrid connections: all made, some of them replaced, all deleted at once. */
async function writeFamily(index: number, random: Random): Promise<void> {
  const name = `family${index}`
  const key = namespaceKey(name)
  const child = (number: number): Promise<void> =>
    put(hybridConnectionKey(name, `x${number}`), (mark) => markedEntity(name, `x${number}`, mark), 'any')
  if (!standing.has(key)) {
    await Promise.all([put(key, (mark) => markedNamespace(name, mark), 'absent'), ...[0, 1, 2, 3, 4].map(child)])
  }
  if (random.next() < 0.5) await Promise.all([child(random.between(0, 2)), child(random.between(3, 4))])
  await remove(key, 'any')
}

/** One of ten documents that many read and write on condition. */
async function writeShared(_index: number, random: Random): Promise<void> {
  const name = `shared${random.between(0, 9)}`
  const key = hybridConnectionKey(sharedName, name)
  const base = (await store.get(key))?.revision
  await put(key, (mark) => markedEntity(sharedName, name, mark), base === undefined ? 'absent' : { revision: base })
}

async function put(
  key: string,
  document: (mark: string) => ResourceDocument,
  condition: WriteCondition,
): Promise<void> {
  marks += 1
  const mark = `${seed}.${marks}`
  const base = typeof condition === 'object' ? { base: condition.revision } : {}
  const write = journal.begin({ kind: 'put', key, mark, ...base })
  try {
    const { revision } = await store.put(document(mark), condition)
    journal.done(write, revision)
    announce()
    standing.set(key, { mark, revision })
  } catch (error) {
    refuse(write, error)
  }
}

async function remove(key: string, condition: WriteCondition): Promise<void> {
  const write = journal.begin({ kind: 'delete', key, mark: '' })
  try {
    await store.delete(key, condition)
    journal.done(write)
    standing.delete(key)
  } catch (error) {
    refuse(write, error)
  }
}

/** Says once that writes come through: from then on a kill is amid them. */
function announce(): void {
  if (!isAnnounced) process.stdout.write('writing\n')
  isAnnounced = true
}

function refuse(write: number, error: unknown): void {
  if (!isRelayError(error, 'PreconditionFailed')) throw error
  journal.refused(write)
}
