import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { FileWatch } from './file-watch.ts'

const waitMs = 5_000

interface Bed {
  readonly folder: string
  readonly file: string
  /** Looks at the file so far. */
  readonly looks: () => number
  readonly changed: () => Promise<void>
}

async function openBed(t: TestContext, debounceMs: number): Promise<Bed> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-file-watch-'))
  const file = join(folder, 'resources.yaml')
  writeFileSync(file, 'one')
  const looked = t.mock.method(fs, 'stat')
  syncBuiltinESMExports()
  const next = Promise.withResolvers<void>()
  const watch = await FileWatch.start({
    file,
    debounceMs,
    // Nothing is to be seen by polling.
    pollIntervalMs: 60_000,
    onChange: async () => next.resolve(),
  })
  t.after(async () => {
    await watch.close()
    looked.mock.restore()
    syncBuiltinESMExports()
    rmSync(folder, { recursive: true })
  })
  const changed = (): Promise<void> =>
    Promise.race([next.promise, delay(waitMs).then(() => Promise.reject(new Error('the change was not noticed')))])
  return { folder, file, looks: () => looked.mock.callCount(), changed }
}

test('a change is noticed, also in a folder where another file is written all the time', async (t) => {
  const { folder, file, changed } = await openBed(t, 20)
  const noise = setInterval(() => writeFileSync(join(folder, 'relay.log'), String(Math.random())), 1)
  t.after(() => clearInterval(noise))
  writeFileSync(file, 'another')
  await changed()
})

test('a log in the same folder costs a look now and then, not one for each line', async (t) => {
  const { folder, file, looks, changed } = await openBed(t, 200)
  const lines = 300
  for (let line = 0; line < lines; line += 1) {
    writeFileSync(join(folder, 'relay.log'), `${line}\n`, { flag: 'a' })
    // The watcher's event is heard before the next line is written.
    await new Promise(setImmediate)
  }
  const looked = looks()
  writeFileSync(file, 'another')
  await changed()
  assert.ok(looked < lines / 10, `${looked} looks for ${lines} lines`)
})
