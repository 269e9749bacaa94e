// The program that keeps a service going across upgrades, with a service of a few lines of shell.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('files/hcm-service.sh', import.meta.url))

interface Kept {
  readonly keeper: ChildProcess
  /** Its code and signal, whenever it ends. */
  readonly exited: Promise<unknown[]>
  /** Replaces the version that is started next. */
  readonly put: (behaviour: string) => void
  /** The next line that a service has said. */
  readonly said: () => Promise<string>
}

/** Says which version it is and what it was asked, and runs until it is told to end. */
const serving = (name: string, before = ''): string => `trap 'echo ${name} ends; exit 0' TERM
echo ${name} "$@"
${before}
while :; do sleep 0.05; done`

function keep(t: TestContext, behaviour: string): Kept {
  const folder = mkdtempSync(join(tmpdir(), 'postern-keeper-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const put = (lines: string): void => {
    writeFileSync(join(folder, 'hcm'), `#!/bin/sh\n${lines}\n`)
    chmodSync(join(folder, 'hcm'), 0o755)
  }
  put(behaviour)
  copyFileSync(script, join(folder, 'hcm-service'))
  const keeper = spawn('sh', [join(folder, 'hcm-service'), 'run', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 20_000,
  })
  const exited = once(keeper, 'exit')
  const lines = createInterface({ input: keeper.stdout })[Symbol.asyncIterator]()
  t.after(() => keeper.kill('SIGTERM'))
  return { keeper, exited, put, said: async () => (await lines.next()).value as string }
}

test('a service is told who keeps it going, and ends with it', async (t) => {
  const { keeper, exited, said } = keep(t, serving('one', 'test $POSTERN_HCM_KEEPER = $PPID && echo kept'))
  assert.equal(await said(), 'one run --json --take-over')
  assert.equal(await said(), 'kept')
  keeper.kill('SIGTERM')
  assert.equal(await said(), 'one ends')
  await exited
})

test('a service that ends by itself ends the keeper with its code', async (t) => {
  const { exited } = keep(t, 'exit 7')
  assert.deepEqual(await exited, [7, null])
})

test('HUP starts the next version beside the one that serves; when that has taken over, the old one may end', async (t) => {
  const { keeper, exited, put, said } = keep(t, serving('old'))
  await said()
  put(serving('new', 'kill -s USR1 $PPID; echo has taken over'))
  keeper.kill('SIGHUP')
  assert.equal(await said(), 'new run --json --take-over')
  assert.equal(await said(), 'has taken over')
  keeper.kill('SIGTERM')
  assert.deepEqual([await said(), await said()].toSorted(), ['new ends', 'old ends'])
  await exited
})

test('a version that ends before it has taken over changes nothing, and another one may be tried', async (t) => {
  const { keeper, put, said } = keep(t, serving('old'))
  await said()
  put('echo broken; exit 1')
  keeper.kill('SIGHUP')
  assert.equal(await said(), 'broken')
  put(serving('good', 'kill -s USR1 $PPID; echo has taken over'))
  const again = setInterval(() => keeper.kill('SIGHUP'), 200)
  t.after(() => clearInterval(again))
  assert.equal(await said(), 'good run --json --take-over')
  clearInterval(again)
})
