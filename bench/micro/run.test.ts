import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'

function run(...args: readonly string[]): {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
} {
  const program = [
    ...process.execArgv.filter((arg) => arg.startsWith('--conditions')),
    join(import.meta.dirname, 'run.ts'),
  ]
  return spawnSync(process.execPath, [...program, ...args], { encoding: 'utf8', timeout: 20_000 })
}

test('without a name it says what there is, and an unknown name is refused', () => {
  assert.match(run().stdout, /NAME is one of .*carrier, .*mask, .*or all/)
  const { status, stderr } = run('masks')
  assert.equal(status, 1)
  assert.match(stderr, /There is no 'masks' \(known: .*mask,/)
})
