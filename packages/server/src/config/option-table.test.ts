import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { defaultOptions, optionTableMarkdown } from '@postern/program'
import { optionTable } from './option-table.ts'

test('flag and environment name of every option are spelt from its name', () => {
  for (const [name, entry] of Object.entries(optionTable)) {
    const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    const { env } = entry
    if ('flag' in entry) assert.equal(entry.flag, flag)
    assert.equal(env, `POSTERN_${flag.replaceAll('-', '_').toUpperCase()}`)
  }
})

test('every option has a default of its own form and a help text that is a sentence', () => {
  defaultOptions(optionTable)
  for (const [name, { help }] of Object.entries(optionTable)) assert.match(help, /^.*\.$/, name)
})

test('no option takes a variable that Kubernetes sets for a service named postern', () => {
  for (const { env } of Object.values(optionTable)) {
    assert.doesNotMatch(env, /^POSTERN_(?:PORT(?:_|$)|SERVICE_(?:HOST|PORT))/)
  }
})

test('docs/reference/options.md says what the table says', () => {
  const page = readFileSync(new URL('../../../../docs/reference/options.md', import.meta.url), 'utf8')
  assert.ok(page.includes(optionTableMarkdown(optionTable)), 'run tools/generate-docs.ts')
})
