import assert from 'node:assert/strict'
import { mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { isRelayError, type RelayError } from '@postern/protocol'
import type { DeclaredChanges } from './apply-declared-resources.ts'
import { DeclaredResources } from './declared-resources.ts'
import { MemoryStore } from './memory/memory-store.ts'
import { rulesOf } from './resource-store.ts'
import { SqliteStore } from './sqlite/sqlite-store.ts'

const one = 'namespaces: [{name: one, rules: [{name: r, rights: [Send]}]}]\n'
const two = 'namespaces: [{name: one, rules: [{name: r, rights: [Send]}]}, {name: two}]\n'

test('a file is applied when it is opened and again when it is written', async (t) => {
  const { file, store, outcome } = await openFile(t, one)
  assert.deepEqual(await keysIn(store), ['ns/one'])
  await writeFile(file, two)
  assert.deepEqual(await outcome(), { written: ['ns/two'], deleted: [], released: [] })
  await writeFile(file, one)
  assert.deepEqual(await outcome(), { written: [], deleted: ['ns/two'], released: [] })
})

test('a file that another one is renamed over is read, also through a symbolic link', async (t) => {
  const folder = await createFolder(t)
  await writeFile(join(folder, 'v1.yaml'), one)
  await writeFile(join(folder, 'v2.yaml'), two)
  await symlink('v1.yaml', join(folder, 'r.yaml'))
  const { outcome } = await openFile(t, undefined, { file: join(folder, 'r.yaml') })
  await symlink('v2.yaml', join(folder, 'new'))
  await rename(join(folder, 'new'), join(folder, 'r.yaml'))
  assert.deepEqual(await outcome(), { written: ['ns/two'], deleted: [], released: [] })
})

test('a change that the system does not report is found by looking', async (t) => {
  const folder = await createFolder(t)
  await writeFile(join(folder, 'target.yaml'), one)
  const elsewhere = await createFolder(t)
  await symlink(join(folder, 'target.yaml'), join(elsewhere, 'r.yaml'))
  // Only the folder of the link is watched.
  const { outcome } = await openFile(t, undefined, { file: join(elsewhere, 'r.yaml') })
  await writeFile(join(folder, 'target.yaml'), two)
  assert.deepEqual(await outcome(), { written: ['ns/two'], deleted: [], released: [] })
})

test('a broken file keeps what was applied, is reported once, and applied when it is repaired', async (t) => {
  const { file, store, resources, outcome, outcomes } = await openFile(t, one)
  await writeFile(file, 'namespaces:\n  - nam: x\n')
  const problem = await outcome()
  assert.ok(isRelayError(problem, 'InvalidConfiguration'))
  assert.equal(
    problem.message.split('\n')[0],
    `${file}:2:5: namespaces[0].name: is missing; write for example name: "local"`,
  )
  assert.equal(resources.problem, problem)
  await resources.reload()
  assert.deepEqual(outcomes, [])
  assert.deepEqual(await keysIn(store), ['ns/one'])
  await writeFile(file, one)
  assert.deepEqual(await outcome(), { written: [], deleted: [], released: [] })
  assert.equal(resources.problem, undefined)
})

test('a file that was removed, emptied or is no text keeps what was applied', async (t) => {
  const { file, store, outcome } = await openFile(t, one)
  const assertKept = async (expected: RegExp): Promise<void> => {
    const problem = await outcome()
    assert.ok(isRelayError(problem, 'InvalidConfiguration'))
    assert.match(problem.message, expected)
    assert.deepEqual(await keysIn(store), ['ns/one'])
  }
  await unlink(file)
  await assertKept(/cannot be read: Error: ENOENT/)
  await writeFile(file, '')
  await assertKept(/1:1: is missing/)
  await writeFile(file, Buffer.from('6e616d65737061636573ff', 'hex'))
  await assertKept(/it is not UTF-8 text/)
})

test('a file that is broken at the start is refused', async (t) => {
  const folder = await createFolder(t)
  const file = join(folder, 'r.yaml')
  const store = new MemoryStore()
  await assert.rejects(DeclaredResources.open({ file, store }), (error) => isRelayError(error, 'InvalidConfiguration'))
  await writeFile(file, 'namespaces: {}')
  await assert.rejects(DeclaredResources.open({ file, store }), /1:13: namespaces: must be a list/)
})

test('keys that were made are the same after a restart', async (t) => {
  const dataDir = await createFolder(t)
  const file = join(dataDir, 'r.yaml')
  await writeFile(file, one)
  const keys: unknown[] = []
  for (let start = 0; start < 2; start += 1) {
    const store = await SqliteStore.open({ dataDir })
    const resources = await DeclaredResources.open({ file, store })
    const stored = await store.get('ns/one')
    keys.push([stored?.revision, stored && rulesOf(stored.document).map(({ primaryKey }) => primaryKey.reveal())])
    await resources.close()
    await store.close()
  }
  assert.deepEqual(keys[1], keys[0])
})

test('nothing is read after closing', async (t) => {
  const closed = await openFile(t, one)
  const witness = await openFile(t, undefined, { file: closed.file })
  await closed.resources.close()
  await writeFile(closed.file, two)
  await witness.outcome()
  assert.deepEqual(await keysIn(closed.store), ['ns/one'])
})

type Outcome = DeclaredChanges | RelayError

interface OpenFile {
  readonly file: string
  readonly store: MemoryStore
  readonly resources: DeclaredResources
  /** Those that nobody has asked for yet. */
  readonly outcomes: Outcome[]
  /** The next reading that changed something or failed. */
  readonly outcome: () => Promise<Outcome>
}

async function openFile(
  t: TestContext,
  text: string | undefined,
  given?: { readonly file: string },
): Promise<OpenFile> {
  const file = given?.file ?? join(await createFolder(t), 'r.yaml')
  if (text !== undefined) await writeFile(file, text)
  const store = new MemoryStore()
  const outcomes: Outcome[] = []
  let notify = (): void => {}
  const onReload = (outcome: Outcome): void => {
    outcomes.push(outcome)
    notify()
  }
  const resources = await DeclaredResources.open({ file, store, onReload, debounceMs: 10, pollIntervalMs: 50 })
  t.after(() => resources.close())
  outcomes.length = 0
  const outcome = async (): Promise<Outcome> => {
    const signal = AbortSignal.timeout(5000)
    while (outcomes.length === 0) {
      await new Promise<void>((resolve, reject) => {
        notify = resolve
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
      })
    }
    return outcomes.shift()!
  }
  return { file, store, resources, outcomes, outcome }
}

async function keysIn(store: MemoryStore): Promise<string[]> {
  return (await store.list()).map(({ key }) => key)
}

async function createFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-declared-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}
