// Runs every gate that is not a test, prints what the failed ones said and a table, and ends with `N passed, N failed`.
// usage: node tools/check.ts [GATE...]
import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Gate {
  readonly name: string
  /** What to run to see it alone, or to repair what it found. */
  readonly alone: string
  /** A script below the root and its arguments, for this Node. */
  readonly command: readonly [script: string, ...args: string[]]
}

interface GateResult {
  readonly gate: Gate
  readonly failed: boolean
  readonly seconds: number
  readonly output: string
}

/** The slow ones first, so that two at a time end together. */
const gates: readonly Gate[] = [
  { name: 'types', alone: 'npm run types', command: ['node_modules/typescript/bin/tsc', '--noEmit'] },
  {
    name: 'lint',
    alone: 'npm run lint',
    command: ['node_modules/oxlint/bin/oxlint', '--type-aware', '--deny-warnings'],
  },
  { name: 'boundaries', alone: 'npm run boundaries', command: ['tools/check-boundaries.ts'] },
  { name: 'unused', alone: 'npm run unused', command: ['node_modules/knip/bin/knip.js', '--no-config-hints'] },
  { name: 'format', alone: 'npm run format', command: ['node_modules/@biomejs/biome/bin/biome', 'check'] },
  { name: 'lock', alone: 'node tools/launch.mjs tools/check-lock.ts --write', command: ['tools/check-lock.ts'] },
  { name: 'docs', alone: 'npm run docs', command: ['tools/generate-docs.ts', '--check'] },
  { name: 'schema', alone: 'npm run docs', command: ['tools/generate-resources-schema.ts', '--check'] },
  { name: 'client', alone: 'npm run docs', command: ['tools/generate-management-client.ts', '--check'] },
  { name: 'wasm', alone: 'npm run wasm', command: ['tools/build-wasm.ts', '--check'] },
]

// No gate takes a quarter of this; one that hangs must not hold up CI.
const gateTimeoutMs = 5 * 60_000

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const chosen = process.argv.slice(2)
const unknown = chosen.filter((name) => !gates.some((gate) => gate.name === name))
if (unknown.length > 0) {
  console.error(`no gate ${unknown.join(', ')}; there are ${gates.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}

const results = await runAll(gates.filter(({ name }) => chosen.length === 0 || chosen.includes(name)))
for (const { gate, failed, output } of results) {
  if (failed) console.log(`--- ${gate.name} (alone: ${gate.alone})\n${output.trim()}\n`)
}
for (const { gate, failed, seconds } of results) {
  console.log(`${failed ? '✖' : '✔'} ${gate.name.padEnd(12)} ${seconds.toFixed(1).padStart(6)} s`)
}
const failures = results.filter(({ failed }) => failed).length
console.log(`${results.length - failures} passed, ${failures} failed`)
process.exitCode = failures > 0 || results.length === 0 ? 1 : 0

async function runAll(queue: readonly Gate[]): Promise<GateResult[]> {
  const done: GateResult[] = []
  const next = queue[Symbol.iterator]()
  const lane = async (): Promise<void> => {
    for (const gate of next) done.push(await runGate(gate))
  }
  // Two at a time: the small machines of CI have two cores.
  await Promise.all([lane(), lane()])
  return done.toSorted((a, b) => gates.indexOf(a.gate) - gates.indexOf(b.gate))
}

function runGate(gate: Gate): Promise<GateResult> {
  const startedAt = performance.now()
  const [script, ...args] = gate.command
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--conditions=@postern/source', join(root, script), ...args],
      { cwd: root, timeout: gateTimeoutMs, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        const why = error?.killed ? `\nkilled after ${gateTimeoutMs / 1_000} s` : ''
        const seconds = (performance.now() - startedAt) / 1_000
        resolve({ gate, failed: error !== null, seconds, output: stdout + stderr + why })
      },
    )
  })
}
