import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { RotatingFile } from './rotating-file.ts'

function pathFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'postern-log-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'x.log')
}

test('both files together stay within the bound, whole lines only, the newest kept', (t) => {
  const path = pathFor(t)
  using file = new RotatingFile({ path, maxBytes: 1000 })
  const lines = Array.from({ length: 500 }, (_, index) => `line ${index} ü\n`)
  for (const line of lines) {
    file.write(line)
    const total = statSync(path).size + (statSync(`${path}.1`, { throwIfNoEntry: false })?.size ?? 0)
    assert.ok(total <= 1000, `${total} bytes`)
  }
  const kept = readFileSync(`${path}.1`, 'utf8') + readFileSync(path, 'utf8')
  assert.ok(lines.join('').endsWith(kept))
  assert.ok(kept.length > 400)
  assert.match(kept, /^line \d+ ü\n/)
})

test('it goes on where the last program ended, readable by its owner alone', (t) => {
  const path = pathFor(t)
  for (const line of ['one\n', 'two\n']) {
    using file = new RotatingFile({ path, maxBytes: 1000 })
    file.write(line)
  }
  assert.equal(readFileSync(path, 'utf8'), 'one\ntwo\n')
  assert.equal(statSync(path).mode & 0o777, 0o600)
})

test('a line that is longer than the file may be, or a folder that is gone, is survived', (t) => {
  const path = pathFor(t)
  using file = new RotatingFile({ path, maxBytes: 100 })
  file.write(`${'x'.repeat(60)}\n`)
  assert.equal(statSync(path).size, 0)
  rmSync(join(path, '..'), { recursive: true })
  for (let i = 0; i < 10; i += 1) file.write('a line of some length\n')
})
