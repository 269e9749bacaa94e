import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { isRelayError } from '@postern/protocol'
import type { ChainPosition } from '../audit-chain.ts'
import { AuditFile } from './audit-file.ts'
import { SqliteStore } from './sqlite-store.ts'

test('kill -9 amid writes loses nothing that was acknowledged and leaves nothing half-done', async (t) => {
  const dataDir = await createFolder(t)
  const acknowledged = new Map<string, string>()
  for (let round = 0; round < 4; round += 1) {
    const writer = startChild(t, writePairs, [dataDir, String(round)])
    for await (const line of createInterface({ input: writer.stdout! })) {
      const [pair = '', mark = ''] = line.split(' ')
      acknowledged.set(pair, mark)
      // Different depths into the work, always while more is under way.
      if (Number(mark) === 10 + round * 7) writer.kill('SIGKILL')
    }
    await assertPairs(dataDir, acknowledged)
  }
  assert.equal(acknowledged.size, 4)
})

test('kill -9 amid audit records leaves a chain that verifies and holds everything that was flushed', async (t) => {
  const dataDir = await createFolder(t)
  let flushed: ChainPosition | undefined
  for (let round = 0; round < 4; round += 1) {
    const writer = startChild(t, appendRecords, [dataDir])
    let lines = 0
    for await (const line of createInterface({ input: writer.stdout! })) {
      const [sequence, hash = ''] = line.split(' ')
      flushed = { sequence: Number(sequence), hash }
      lines += 1
      // Different depths into the work, always while more is under way.
      if (lines === 3 + round * 3) writer.kill('SIGKILL')
    }
    const log = AuditFile.open(join(dataDir, 'audit.db'))
    assert.ok(flushed)
    const { count, broken } = await log.verify({ expectedHead: flushed })
    assert.equal(broken, undefined)
    assert.ok(count >= flushed.sequence, `${count}`)
    await log.close()
  }
})

test('a folder that another process has open is refused until that one is killed', async (t) => {
  const dataDir = await createFolder(t)
  const holder = startChild(t, holdOpen, [dataDir])
  await once(holder.stdout!, 'data', { signal: AbortSignal.timeout(10_000) })
  await assert.rejects(SqliteStore.open({ dataDir }), (error) => {
    assert.ok(isRelayError(error, 'InvalidConfiguration'))
    assert.match(error.message, /in use by another Postern relay\. Stop that one, or .* --data\.$/)
    return true
  })
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  const store = await SqliteStore.open({ dataDir })
  await store.close()
})

test('a store that nobody closed keeps no process alive, and has written what was asked', async (t) => {
  const dataDir = await createFolder(t)
  const child = startChild(t, writeAndForget, [dataDir])
  const [code] = await once(child, 'exit', { signal: AbortSignal.timeout(10_000) })
  assert.equal(code, 0)
  const store = await SqliteStore.open({ dataDir })
  t.after(() => store.close())
  assert.equal((await store.list()).length, 1)
})

/** Both documents of a pair are written in one turn, over and over, with the same mark. */
async function assertPairs(dataDir: string, acknowledged: ReadonlyMap<string, string>): Promise<void> {
  const store = await SqliteStore.open({ dataDir })
  try {
    assert.deepEqual(await store.integrityCheck(), [])
    for (const [pair, mark] of acknowledged) {
      const [left, right] = [await store.get(`ns/${pair}-left`), await store.get(`ns/${pair}-right`)]
      const marks = [left, right].map(
        (stored) => stored?.document.kind === 'namespace' && stored.document.value.hosts[0],
      )
      assert.equal(marks[0], marks[1])
      assert.ok(Number(marks[0]) >= Number(mark), `${pair} was acknowledged at ${mark} and stands at ${marks[0]}`)
    }
  } finally {
    await store.close()
  }
}

const prelude = `
  import { SqliteStore } from ${JSON.stringify(new URL('./sqlite-store.ts', import.meta.url).href)}
  const [dataDir, pair] = process.argv.slice(1)
  const store = await SqliteStore.open({ dataDir })
  const namespace = (name, mark) => ({
    kind: 'namespace',
    value: { name, hosts: [mark, 'x'.repeat(20000)], isDefault: false, rules: [], createdAt: new Date(), updatedAt: new Date() },
  })
`
const writePairs = `${prelude}
  for (let mark = 1; ; mark += 1) {
    const both = ['pair' + pair + '-left', 'pair' + pair + '-right'].map((name) => store.put(namespace(name, String(mark))))
    Promise.all(both).then(() => process.stdout.write('pair' + pair + ' ' + mark + '\\n'))
    if (mark % 3 === 0) await Promise.all(both)
    else await new Promise(setImmediate)
  }
`
const appendRecords = `
  import { SqliteAuditStore } from ${JSON.stringify(new URL('./sqlite-audit-store.ts', import.meta.url).href)}
  const store = await SqliteAuditStore.open({ dataDir: process.argv[1] })
  const record = () => ({
    kind: 'stream', at: new Date(), trackingId: 'id', principal: 'anonymous', action: 'connect', scope: '/',
    result: 'succeeded', source: '192.0.2.1:1',
    stream: { listener: 'l', bytesFromSender: 1, bytesFromListener: 2, durationMs: 3, closeReason: 'x'.repeat(500) },
  })
  setInterval(() => store.append(Array.from({ length: 20 }, record)), 2)
  for (;;) {
    await store.flush()
    const { sequence, hash } = await store.head()
    process.stdout.write(sequence + ' ' + hash + '\\n')
  }
`
const holdOpen = `${prelude} process.stdout.write('open'); setInterval(() => {}, 1000)`
const writeAndForget = `${prelude} store.put(namespace('local', '1'))`

function startChild(t: TestContext, code: string, args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [...process.execArgv, '--input-type=module', '--eval', code, '--', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  return child
}

async function createFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-process-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}
