import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'

const mib = 1_048_576

/** Makes objects that live for a while, as a busy program does, and tells how large the space for new ones is at each look. */
const program = `
  import { getHeapSpaceStatistics } from 'node:v8'
  import { setImmediate } from 'node:timers/promises'
  import { boundYoungGeneration } from '${new URL('./young-generation.ts', import.meta.url).href}'
  const bytes = () => getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size
  if (process.argv[1] === 'bounded') boundYoungGeneration({ lookEveryMs: 50 })
  const kept = []
  const sizes = []
  let made = 0
  const work = () => { for (const end = made + 5_000; made < end; made += 1) kept[made % 20_000] = { made, text: String(made) } }
  while (made < 3_000_000) work()
  sizes.push(bytes())
  while (made < 30_000_000 && sizes.at(-1) < Number(process.argv[2])) {
    work()
    await setImmediate()
    sizes.push(bytes())
  }
  for (let turn = 0; turn < 400; turn += 1) {
    work()
    await setImmediate()
  }
  console.log(JSON.stringify([sizes[0], bytes()]))
`

function sizes(...args: readonly string[]): readonly number[] {
  const run = spawnSync(process.execPath, ['--input-type=module', '--eval', program, '--', ...args], {
    encoding: 'utf8',
  })
  assert.equal(run.status, 0, run.stderr)
  return JSON.parse(run.stdout) as readonly number[]
}

test('the space for new objects is small at first and grows to its bound while a program is busy, not beyond', () => {
  const [first = 0, last = 0] = sizes('bounded', String(8 * mib))
  assert.ok(first <= 4 * mib, `${first} bytes before the first look`)
  assert.ok(last >= 8 * mib && last <= 16 * mib, `${last} bytes in the end`)
})

test('without a bound it grows at once', () => {
  assert.ok((sizes('free', '0')[0] ?? 0) > 8 * mib)
})
