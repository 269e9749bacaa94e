import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { runTestFile, type TestFileResult } from './test-file-run.ts'

async function runText(t: TestContext, text: string, timeoutMs = 20_000): Promise<TestFileResult> {
  const root = mkdtempSync(join(tmpdir(), 'postern-tools-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  const file = join(root, 'sample.test.mjs')
  writeFileSync(file, text)
  return runTestFile(file, { root, timeoutMs, live: false, signal: t.signal })
}

test('passed, failed and skipped tests are counted, with the reason of a skip', async (t) => {
  const result = await runText(
    t,
    `import { test } from 'node:test'
     test('one', () => {})
     test('two', () => { throw new Error('no') })
     test('three', { skip: 'needs root' }, () => {})`,
  )
  assert.deepEqual([result.passed, result.failed, result.problems], [1, 1, []])
  assert.deepEqual(result.skipped, [{ outcome: 'skipped', name: 'three', reason: 'needs root' }])
  assert.match(result.output, /✔ one/)
})

test('a parent that fails only because of its subtest is not counted beside it', async (t) => {
  const result = await runText(
    t,
    `import { describe, test } from 'node:test'
     describe('suite', () => { test('inner', () => { throw new Error('no') }) })`,
  )
  assert.deepEqual([result.passed, result.failed], [0, 1])
})

test('a failed hook counts although no test of the suite could run', async (t) => {
  const result = await runText(
    t,
    `import { before, describe } from 'node:test'
     describe('suite', () => { before(() => { throw new Error('no') }) })`,
  )
  assert.equal(result.failed, 1)
})

test('a file that cannot be loaded is a problem of its own', async (t) => {
  const result = await runText(t, `import './missing.mjs'`)
  assert.deepEqual([result.passed, result.failed], [0, 0])
  assert.deepEqual(result.problems, ['the process ended with exit code 1'])
})

test('a file that does not end is killed and the test under way is named', async (t) => {
  const result = await runText(
    t,
    `import { test } from 'node:test'
     test('waits for ever', () => new Promise((resolve) => setTimeout(resolve, 1e8)))`,
    1_500,
  )
  assert.deepEqual(result.problems, ['killed after 1.5 s in: waits for ever'])
})

test('a process that a test leaves running is killed and reported', {
  skip: process.platform === 'win32',
}, async (t) => {
  const result = await runText(
    t,
    `import { spawn } from 'node:child_process'
     import { test } from 'node:test'
     test('leaves a child', () => {
       spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' }).unref()
     })`,
  )
  // The child holds the output open: that the run ended at all shows that the child did.
  assert.deepEqual(result.problems, ['left processes running behind'])
})
