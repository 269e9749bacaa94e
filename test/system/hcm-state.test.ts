// What an HCM has said to be kept is kept, whenever it is killed; what is broken all the same is told, and never thrown away.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { StateStore } from '../../packages/hcm/src/state/state-store.ts'
import { chaosSeed, createRandom } from '../chaos/random.ts'
import { runProgram } from './run-program.ts'

const changes = 200
const kills = 15

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'hcm-state-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Lets the writer go on from where it is to `until` changes; kills it `delayMs` after the change `killAfter`. Gives the last one that it called kept. */
async function write(folder: string, until: number, killAfter: number, delayMs: number): Promise<number> {
  const program = fileURLToPath(new URL('./hcm-state-writer.ts', import.meta.url))
  const child = spawn(process.execPath, ['--conditions=@postern/source', program, folder, String(until)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const closed = once(child, 'close', { signal: AbortSignal.timeout(60_000) })
  let kept = 0
  let timer: NodeJS.Timeout | undefined
  createInterface({ input: child.stdout }).on('line', (line) => {
    kept = Number(line)
    if (kept >= killAfter) timer ??= setTimeout(() => child.kill('SIGKILL'), delayMs)
  })
  await closed
  clearTimeout(timer)
  return kept
}

test('kill -9 during 200 changes loses none that was kept and leaves no half-written file', async (t) => {
  const seed = chaosSeed()
  console.log(`POSTERN_CHAOS_SEED=${seed}`)
  const random = createRandom(seed)
  const folder = folderFor(t)
  let amid = 0
  for (let round = 1; round <= kills; round += 1) {
    // A change takes a few milliseconds: the delay hits any part of one.
    const kept = await write(folder, changes, (round * changes) / (kills + 1), random.between(0, 8))
    const store = await StateStore.open(folder)
    const found = store.state.hybridConnections
    // One that was on the disk already may not have been told yet.
    assert.ok(found.length === kept || found.length === kept + 1, `${kept} were kept, ${found.length} were found`)
    if (found.length > kept) amid += 1
    for (const [at, { path, connectionString }] of found.entries()) {
      assert.equal(path, `hc${at}`)
      const secret = store.key.unseal(connectionString!, `relay.test/${path}`).reveal()
      assert.match(secret, new RegExp(`SharedAccessKey=key-${at};`))
    }
  }
  assert.equal(await write(folder, changes, changes + 1, 0), changes)
  assert.equal((await StateStore.open(folder)).state.hybridConnections.length, changes)
  assert.equal(statSync(join(folder, 'hcm.json')).mode & 0o777, 0o600)
  console.log(`${kills} kills, ${amid} of them between a change and its answer`)
})

test('a state that is broken stops the start with what to do, and is left as it is', async (t) => {
  const folder = folderFor(t)
  await write(folder, 3, 4, 0)
  const path = join(folder, 'hcm.json')
  const whole = readFileSync(path)
  const main = fileURLToPath(new URL('../../packages/hcm/src/main.ts', import.meta.url))
  const start = (): ReturnType<typeof runProgram> =>
    runProgram(process.execPath, ['--conditions=@postern/source', main, 'run', '--state-dir', folder])
  const breakIt: readonly [() => void, RegExp][] = [
    [
      () => truncateSync(path, Math.floor(whole.length / 2)),
      /no JSON, or ends in the middle\. Nothing was changed\. Put back a copy/,
    ],
    [() => truncateSync(path, 0), /it is empty/],
    [() => writeFileSync(path, JSON.stringify({ version: 2 })), /written by a newer hcm/],
  ]
  for (const [damage, reason] of breakIt) {
    writeFileSync(path, whole)
    damage()
    const before = readFileSync(path)
    const { code, stderr } = await start()
    assert.equal(code, 2)
    assert.match(stderr, reason)
    assert.ok(stderr.includes(path))
    assert.deepEqual(readFileSync(path), before)
  }
})
