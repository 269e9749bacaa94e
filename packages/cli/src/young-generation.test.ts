import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'

const mib = 1_048_576

/** Makes objects that live for a while, as a busy program does, and tells how large the space for new ones has become. */
const program = `
  import { getHeapSpaceStatistics } from 'node:v8'
  import { keepYoungGenerationSmall } from '${new URL('./young-generation.ts', import.meta.url).href}'
  if (process.argv[1] === 'small') keepYoungGenerationSmall()
  const kept = []
  for (let i = 0; i < 3_000_000; i += 1) kept[i % 20_000] = { i, text: String(i) }
  console.log(getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size)
`

function newSpaceBytes(...args: readonly string[]): number {
  const run = spawnSync(process.execPath, ['--input-type=module', '--eval', program, '--', ...args], {
    encoding: 'utf8',
  })
  assert.equal(run.status, 0, run.stderr)
  return Number(run.stdout)
}

test('the space for new objects stays small in a program that asks for it, and only there', () => {
  assert.ok(newSpaceBytes('small') <= 4 * mib)
  assert.ok(newSpaceBytes() > 8 * mib)
})
