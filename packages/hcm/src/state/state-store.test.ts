import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type OpenForWriting, Secret, writeAtomically } from '@postern/program'
import fc from 'fast-check'
import { formatState, type HcmState, parseState, type StoredHybridConnection } from './hcm-state.ts'
import { StateStore } from './state-store.ts'

function folderFor(test: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'postern-hcm-'))
  test.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const secret = 'Endpoint=sb://relay.test/;SharedAccessKeyName=listen;SharedAccessKey=topsecret;EntityPath=db'

function stored(store: StateStore): StoredHybridConnection {
  return {
    host: 'relay.test',
    path: 'db',
    origin: 'manual',
    connectionString: store.key.seal(new Secret(secret), 'relay.test/db'),
    pinned: 'db.corp:5432',
    follow: false,
    addedAt: new Date().toISOString(),
  }
}

test('what nobody waited for is on the disk once the store is settled', async (t) => {
  const folder = folderFor(t)
  const store = await StateStore.open(folder)
  for (const rule of ['a.corp:1', 'b.corp:2']) {
    void store.update((state) => ({ ...state, policy: [...state.policy, rule] }))
  }
  await store.settled()
  assert.deepEqual((await StateStore.open(folder)).state.policy, ['a.corp:1', 'b.corp:2'])
})

test('what was kept is there again, its secret unreadable in a file that only the owner may read', async (t) => {
  const folder = folderFor(t)
  const store = await StateStore.open(folder)
  const entry = stored(store)
  await store.update((state) => ({ ...state, hybridConnections: [entry] }))
  const again = await StateStore.open(folder)
  assert.deepEqual(again.state, store.state)
  assert.equal(again.key.unseal(entry.connectionString!, 'relay.test/db').reveal(), secret)
  assert.doesNotMatch(readFileSync(join(folder, 'hcm.json'), 'utf8'), /topsecret/)
  for (const name of ['hcm.json', 'machine.key']) assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name)
})

test('a secret is opened for its own purpose and by its own key only', async (t) => {
  const [one, other] = [await StateStore.open(folderFor(t)), await StateStore.open(folderFor(t))]
  const sealed = one.key.seal(new Secret(secret), 'relay.test/db')
  for (const open of [() => one.key.unseal(sealed, 'relay.test/x'), () => other.key.unseal(sealed, 'relay.test/db')])
    assert.throws(
      open,
      (error: Error) => /put back the key file/.test(error.message) && !/topsecret/.test(error.message),
    )
})

test('a key file that others can read, or that is gone although it is needed, is not used', async (t) => {
  const folder = folderFor(t)
  const store = await StateStore.open(folder)
  await store.update((state) => ({ ...state, hybridConnections: [stored(store)] }))
  chmodSync(join(folder, 'machine.key'), 0o644)
  await assert.rejects(StateStore.open(folder), /chmod 600/)
  rmSync(join(folder, 'machine.key'))
  await assert.rejects(StateStore.open(folder), /it is gone; put it back/)
})

test('changes made at once all count', async (t) => {
  const folder = folderFor(t)
  const store = await StateStore.open(folder)
  const rules = Array.from({ length: 20 }, (_, index) => `db${index}.corp:1`)
  await Promise.all(rules.map((rule) => store.update((state) => ({ ...state, policy: [...state.policy, rule] }))))
  assert.deepEqual((await StateStore.open(folder)).state.policy, rules)
})

test('a file cut at any byte is reported with what to do, and left as it is', async (t) => {
  const folder = folderFor(t)
  const store = await StateStore.open(folder)
  await store.update((state) => ({ ...state, hybridConnections: [stored(store)] }))
  const path = join(folder, 'hcm.json')
  const whole = readFileSync(path, 'utf8')
  // The last byte is the line feed.
  for (let length = 0; length < whole.length - 1; length += 1) {
    assert.throws(() => parseState(whole.slice(0, length), path), /cannot be read: .*Put back a copy/s, String(length))
  }
  writeFileSync(path, whole.slice(0, 100))
  await assert.rejects(StateStore.open(folder), { code: 'InvalidConfiguration' })
  assert.equal(readFileSync(path, 'utf8'), whole.slice(0, 100))
})

test('unknown members and newer versions are reported without values', () => {
  const state: HcmState = { version: 1, listenerId: randomUUID(), policy: [], hybridConnections: [] }
  assert.deepEqual(parseState(formatState(state), 'x'), state)
  assert.throws(() => parseState(JSON.stringify({ ...state, version: 2 }), 'x'), /newer hcm/)
  assert.throws(
    () => parseState(JSON.stringify({ ...state, hybridConnections: [{ connectionString: secret }] }), 'x'),
    (error: Error) => /hybridConnections\.0/.test(error.message) && !/topsecret/.test(error.message),
  )
})

test('a write that breaks off at any byte leaves the old text', async (t) => {
  const path = join(folderFor(t), 'file')
  await fc.assert(
    fc.asyncProperty(fc.string(), fc.string({ minLength: 1 }), fc.nat(), async (old, next, cut) => {
      await writeAtomically(path, old)
      const bytes = Buffer.from(next)
      const breaksOff: OpenForWriting = async (name) => {
        const file = await open(name, 'w')
        const writeFile = async (): Promise<void> => {
          await file.write(bytes.subarray(0, cut % (bytes.length + 1)))
          throw new Error('killed')
        }
        return { writeFile, sync: () => file.sync(), close: () => file.close() }
      }
      const broken = writeAtomically(path, next, { open: breaksOff })
      await assert.rejects(broken, /killed/)
      assert.equal(await readFile(path, 'utf8'), Buffer.from(old).toString())
      await writeAtomically(path, next)
      assert.equal(await readFile(path, 'utf8'), bytes.toString())
    }),
    { numRuns: 50 },
  )
})

test('a program killed while it writes leaves a whole state, old or new', async (t) => {
  const folder = folderFor(t)
  const module = JSON.stringify(new URL('./state-store.ts', import.meta.url).href)
  const script = `
    const { StateStore } = await import(${module})
    const store = await StateStore.open(${JSON.stringify(folder)})
    for (let i = 0; ; i += 1) {
      await store.update((state) => ({ ...state, policy: Array.from({ length: 500 }, () => 'db' + i + '.corp:1') }))
      if (i % 10 === 0) process.stdout.write('.')
    }`
  for (let round = 0; round < 5; round += 1) {
    const program = spawn(process.execPath, ['--conditions=@postern/source', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    // Killed at a moment that nobody chose: some writes after it has begun.
    for (let dots = 0; dots < 1 + round; dots += 1)
      await once(program.stdout, 'data', { signal: AbortSignal.timeout(10_000) })
    program.kill('SIGKILL')
    await once(program, 'close')
    const { policy } = (await StateStore.open(folder)).state
    assert.deepEqual([policy.length, new Set(policy).size], [500, 1])
  }
})
