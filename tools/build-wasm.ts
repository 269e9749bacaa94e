// Compiles packages/websocket/src/mask/unmask.wat to unmask-wasm.ts beside it: the module as base64.
// usage: node tools/build-wasm.ts [--check]      --check compares instead of writing
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import openWabt from 'wabt'

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'packages/websocket/src/mask')
const target = join(folder, 'unmask-wasm.ts')
const wanted = await render()

if (!process.argv.includes('--check')) {
  writeFileSync(target, wanted)
  console.log(`wrote ${target}`)
} else if (readFileSync(target, 'utf8') === wanted) {
  console.log('unmask-wasm.ts matches unmask.wat')
} else {
  console.error('unmask-wasm.ts does not match unmask.wat: run tools/build-wasm.ts')
  process.exitCode = 1
}

async function render(): Promise<string> {
  const wabt = await openWabt()
  const parsed = wabt.parseWat('unmask.wat', readFileSync(join(folder, 'unmask.wat'), 'utf8'), { simd: true })
  parsed.validate()
  const base64 = Buffer.from(parsed.toBinary({ write_debug_names: false }).buffer).toString('base64')
  parsed.destroy()
  const lines = (base64.match(/.{1,100}/g) ?? []).map((line) => `'${line}'`)
  return [
    '// Made from unmask.wat by tools/build-wasm.ts; do not edit.',
    '/** WebAssembly module with `memory` and `xor(target, source, length, key)`, base64. */',
    'export const unmaskWasm: string =',
    `  ${lines.join(' +\n  ')}`,
    '',
  ].join('\n')
}
