import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import openWabt from 'wabt'
import { unmaskWasm } from './unmask-wasm.ts'

test('the checked-in module is what its text source compiles to', async () => {
  const wabt = await openWabt()
  const source = await readFile(new URL('unmask.wat', import.meta.url), 'utf8')
  const compile = (text: string): string => {
    const parsed = wabt.parseWat('unmask.wat', text, { simd: true })
    parsed.validate()
    return Buffer.from(parsed.toBinary({}).buffer).toString('base64')
  }
  assert.equal(compile(source), unmaskWasm)
  // A change of the source would be seen.
  assert.notEqual(compile(source.replace('i32.const 64', 'i32.const 32')), unmaskWasm)
})
