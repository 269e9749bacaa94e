import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { shellQuote } from './shell-quote.ts'

test('a shell takes each text as one word', { skip: process.platform === 'win32' }, () => {
  const texts = ['plain/path.pem', 'with space', "it's", '$HOME `id` "x" \\ ;', '']
  const printed = execFileSync('sh', ['-c', `printf '%s\\n' ${texts.map(shellQuote).join(' ')}`], { encoding: 'utf8' })
  assert.equal(printed, `${texts.join('\n')}\n`)
})
