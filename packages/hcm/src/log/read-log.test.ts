import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { RotatingFile } from '@postern/program'
import { followLines, lastLines } from './read-log.ts'

function pathFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'hcm-log-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'hcm.log')
}

test('the last lines are taken from the older file too, oldest first', async (t) => {
  const path = pathFor(t)
  using file = new RotatingFile({ path, maxBytes: 200 })
  for (let i = 0; i < 100; i += 1) file.write(`line ${i}\n`)
  assert.deepEqual(
    await lastLines(path, 14),
    Array.from({ length: 14 }, (_, index) => `line ${86 + index}`),
  )
  assert.deepEqual(await lastLines(path, 0), [])
})

test('without a log it is said that there is none', async (t) => {
  await assert.rejects(lastLines(pathFor(t), 10), { code: 'ResourceNotFound', message: /There is no log/ })
})

test('a log that is followed gives every new line, also when files change and lines come in pieces', async (t) => {
  const path = pathFor(t)
  using file = new RotatingFile({ path, maxBytes: 4_000 })
  file.write('before\n')
  const stop = AbortSignal.timeout(20_000)
  const lines = followLines(path, stop)
  const next = async (): Promise<string> => (await lines.next()).value as string
  const first = next()
  // Its reader looks again and again; the end of what is there at the first look is where it begins.
  await new Promise((resolve) => setTimeout(resolve, 50))
  file.write('one\n')
  assert.equal(await first, 'one')
  const [head, tail] = [Buffer.from('\u00fc').subarray(0, 1), Buffer.from('\u00fc\n').subarray(1)]
  appendFileSync(path, head)
  const split = next()
  await new Promise((resolve) => setTimeout(resolve, 300))
  appendFileSync(path, tail)
  assert.equal(await split, '\u00fc')
  const wanted = Array.from({ length: 300 }, (_, index) => `line ${index}`)
  const seen: string[] = []
  for (const line of wanted) {
    file.write(`${line}\n`)
    seen.push(await next())
  }
  assert.deepEqual(seen, wanted)
  await lines.return(undefined)
})
