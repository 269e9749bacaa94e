import assert from 'node:assert/strict'
import { existsSync, statSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { SqliteStore } from '../../packages/server/src/storage/sqlite/sqlite-store.ts'
import { checkStorm, type Standings } from '../chaos/check-storm.ts'
import { checkAbandonedDatabase } from '../chaos/database-check.ts'
import { chaosSeed, createRandom, type Random } from '../chaos/random.ts'
import { standingOf } from '../chaos/storm-documents.ts'
import { SupervisedProgram } from '../chaos/supervised-program.ts'
import { parseJournal, type StormWrite } from '../chaos/write-journal.ts'

const rounds = Number(process.env['POSTERN_STORM_ROUNDS'] ?? 10)

/** When a writer is killed: whenever it may be, amid a transaction, and about its end. */
const strikes: readonly ((random: Random) => { readonly afterMs: number; readonly delayMs?: number })[] = [
  (random) => ({ afterMs: random.between(0, 1000) }),
  (random) => ({ afterMs: random.between(0, 1000), delayMs: random.between(0, 10) }),
  (random) => ({ afterMs: random.between(0, 1000), delayMs: random.between(0, 500) }),
]

test('kill -9 amid 500 concurrent writes loses nothing that was acknowledged and leaves nothing half-done', async () => {
  const seed = chaosSeed()
  console.log(`POSTERN_CHAOS_SEED=${seed}`)
  const random = createRandom(seed)
  const folder = await mkdtemp(join(tmpdir(), 'postern-storm-'))
  try {
    const dataDir = join(folder, 'data')
    let before: Standings = new Map()
    const underWay: number[] = []
    for (let round = 0; round < rounds; round += 1) {
      const journalFile = join(folder, `journal${round}`)
      const strike = strikes[round % strikes.length]?.(random) ?? { afterMs: 0 }
      await killWriter({ dataDir, journalFile, seed: seed + round, ...strike })
      const writes = parseJournal(await readFile(journalFile, 'utf8'))
      assert.equal(await checkAbandonedDatabase(dataDir), 'ok')
      const after = await readStandings(dataDir)
      checkStorm(before, writes, after)
      assert.ok(
        writes.some(({ outcome }) => outcome === 'done'),
        'nothing was acknowledged',
      )
      underWay.push(report(round, before, after, writes))
      before = after
    }
    // Some kills come between two transactions; the checks would prove little if all did.
    assert.ok(Math.max(...underWay) >= 500, `at most ${Math.max(...underWay)} writes were under way`)
  } finally {
    await rm(folder, { recursive: true })
  }
})

/** Lets it write for a while after its first write was acknowledged; `delayMs` counts from its next write to the disk. */
async function killWriter(options: {
  readonly dataDir: string
  readonly journalFile: string
  readonly seed: number
  readonly afterMs: number
  readonly delayMs?: number
}): Promise<void> {
  const { dataDir, journalFile, seed, afterMs, delayMs } = options
  const program = fileURLToPath(new URL('../chaos/storm-writer.ts', import.meta.url))
  await using writer = new SupervisedProgram({ name: 'writer', args: [program, dataDir, journalFile, String(seed)] })
  await writer.start()
  await wait(afterMs)
  if (delayMs !== undefined) {
    untilWritten(join(dataDir, 'postern.db-wal'))
    await wait(delayMs)
  }
  await writer.kill()
  assert.deepEqual(writer.unexpectedEnds, [])
}

/** Returns as soon as a file is written to. It looks without a pause: a transaction takes few milliseconds. */
function untilWritten(file: string): void {
  const state = (): string => {
    const { size, mtimeNs } = statSync(file, { bigint: true })
    return `${size} ${mtimeNs}`
  }
  const before = state()
  const deadline = Date.now() + 10_000
  while (state() === before) assert.ok(Date.now() < deadline, `nothing was written to ${file}`)
}

async function readStandings(dataDir: string): Promise<Standings> {
  assert.ok(existsSync(join(dataDir, 'postern.db')))
  const store = await SqliteStore.open({ dataDir })
  try {
    assert.deepEqual(await store.integrityCheck(), [])
    return new Map((await store.list()).map(standingOf))
  } finally {
    await store.close()
  }
}

/** Prints what happened; gives how many writes were under way. */
function report(round: number, before: Standings, after: Standings, writes: readonly StormWrite[]): number {
  const count = (outcome: StormWrite['outcome']): number => writes.filter((write) => write.outcome === outcome).length
  const survivors = writes.filter(({ outcome, key, mark }) => outcome === 'pending' && after.get(key)?.mark === mark)
  const pending = count('pending')
  console.log(
    `round ${round}: ${count('done')} done, ${count('refused')} refused, ${pending} under way (${survivors.length} of them stand); ${before.size} documents became ${after.size}`,
  )
  return pending
}
