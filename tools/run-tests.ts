// Runs the test files of one kind, each in a process of its own, and ends with the line `N passed, N failed`.
// usage: node tools/run-tests.ts quick|system|java|clients|long|fuzz [--name REGEXP] [PART-OF-A-PATH...]
import { globSync } from 'node:fs'
import { dirname, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runTestFile, type TestFileResult } from './test-file-run.ts'
import { type TestKind, testKinds } from './test-kinds.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const { values, positionals } = parseArgs({ options: { name: { type: 'string' } }, allowPositionals: true })
const [kindName = '', ...parts] = positionals
const kind = testKinds[kindName]
if (!kind) {
  console.error(`usage: run-tests.ts ${Object.keys(testKinds).join('|')} [--name REGEXP] [PART-OF-A-PATH...]`)
  process.exit(2)
}

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())

const startedAt = performance.now()
const files = findFiles(kind, parts)
console.log(`${files.length} files of ${kind.title}, ${kind.concurrency} at a time\n`)
const results = await runAll(kind, files)
process.exitCode = printEnd(results)

function findFiles({ files: globs }: TestKind, wanted: readonly string[]): string[] {
  const found = globs.flatMap((glob) =>
    globSync(glob, { cwd: root, exclude: ['**/node_modules', '**/dist'] }).toSorted(),
  )
  const slashed = [...new Set(found)].map((file) => file.split(sep).join('/'))
  return wanted.length === 0 ? slashed : slashed.filter((file) => wanted.some((part) => file.includes(part)))
}

async function runAll({ concurrency, fileTimeoutMs }: TestKind, queue: readonly string[]): Promise<TestFileResult[]> {
  const done: TestFileResult[] = []
  const live = concurrency === 1
  const next = queue[Symbol.iterator]()
  const lane = async (): Promise<void> => {
    for (const file of next) {
      if (stop.signal.aborted) return
      if (live) console.log(`--- ${file}`)
      const result = await runTestFile(file, {
        root,
        timeoutMs: fileTimeoutMs,
        live,
        signal: stop.signal,
        ...(values.name !== undefined && { namePattern: values.name }),
      })
      done.push(result)
      printFile(result, live)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, lane))
  return done
}

function printFile(result: TestFileResult, wasLive: boolean): void {
  if (!wasLive) process.stdout.write(`--- ${result.file}\n${result.output}`)
  for (const problem of result.problems) console.log(`✖ ${result.file}: ${problem}`)
  console.log(`    ${(result.durationMs / 1_000).toFixed(1)} s\n`)
}

/** One failure as a block that ends with an empty line: `.ci/run` shows these blocks again at its end. */
function printFailure(where: string, text: string): void {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  console.log(`FAILED ${where}\n${lines.map((line) => `    ${line}\n`).join('')}`)
}

/** Prints skips, failures and totals; the exit code. A file without a test is a failure unless tests were chosen by name. */
function printEnd(all: readonly TestFileResult[]): number {
  const inCi = process.env['CI'] === 'true'
  const skips = all.flatMap(({ file, skipped }) => skipped.map((skip) => ({ file, ...skip })))
  for (const { file, name, reason } of skips) {
    console.log(`SKIPPED ${file}: ${name}: ${reason || 'no reason given'}${inCi ? ' (a failure in CI)' : ''}`)
  }
  let passed = 0
  let failed = inCi ? skips.length : 0
  for (const result of all) {
    const empty = result.passed + result.failed + result.skipped.length === 0 && values.name === undefined
    const problems = empty && result.problems.length === 0 ? ['no test in it'] : result.problems
    passed += result.passed
    failed += result.failed + problems.length
    for (const { name, error = '' } of result.failures) printFailure(`${result.file}: ${name}`, error)
    for (const problem of problems) printFailure(result.file, problem)
  }
  const missing = files.length - all.length
  if (missing > 0) console.log(`✖ interrupted: ${missing} files were not run`)
  if (passed + failed === 0) console.log('✖ no test was run')
  console.log(`\n${((performance.now() - startedAt) / 1_000).toFixed(1)} s`)
  console.log(
    `${passed} passed, ${failed + missing} failed${skips.length > 0 && !inCi ? `, ${skips.length} skipped` : ''}`,
  )
  return failed + missing > 0 || passed === 0 ? 1 : 0
}
