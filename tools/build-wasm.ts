// Compiles every x.wat of the packages to an x-wasm.ts beside it: a constant with the module's bytes as base64.
// usage: node tools/build-wasm.ts [--check]      --check compares instead of writing
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import openWabt from 'wabt'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const checks = process.argv.includes('--check')
const sources = globSync('packages/*/src/**/*.wat', { cwd: root }).toSorted()
const wabt = await openWabt()

const stale: string[] = []
for (const source of sources) {
  const target = source.replace(/\.wat$/, '-wasm.ts')
  const wanted = render(source)
  if (readOrEmpty(target) === wanted) continue
  if (!checks) writeFileSync(join(root, target), wanted)
  stale.push(target)
}
for (const target of stale) console.log(checks ? `${target} does not match its source` : `wrote ${target}`)
console.log(`${sources.length} modules, ${stale.length} ${checks ? 'stale' : 'written'}`)
// A glob that finds nothing would pass every check.
if (sources.length === 0 || (checks && stale.length > 0)) process.exitCode = 1

function render(source: string): string {
  const parsed = wabt.parseWat(source, readFileSync(join(root, source), 'utf8'), { simd: true })
  try {
    parsed.validate()
    const bytes = parsed.toBinary({ write_debug_names: false }).buffer
    const name = basename(source, '.wat').replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())
    return [
      `// Made from ${basename(source)} by tools/build-wasm.ts: do not edit.`,
      `/** The WebAssembly module of ${basename(source)}, ${bytes.length} bytes, as base64. */`,
      `export const ${name}Wasm: string =`,
      `  '${Buffer.from(bytes).toString('base64')}'`,
      '',
    ].join('\n')
  } finally {
    parsed.destroy()
  }
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(join(root, file), 'utf8')
  } catch {
    return ''
  }
}
