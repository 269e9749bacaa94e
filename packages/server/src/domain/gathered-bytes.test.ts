import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GatheredBytes } from './gathered-bytes.ts'

test('pieces of any size come out as one, and nothing that was gathered changes later', () => {
  const gathered = new GatheredBytes()
  assert.deepEqual(gathered.whole(), Buffer.alloc(0))
  const piece = Buffer.from('ab')
  gathered.add(piece)
  const first = gathered.whole()
  piece.fill('x')
  for (const text of ['', 'c', 'defgh', 'i'.repeat(1000), 'j']) gathered.add(Buffer.from(text))
  assert.equal(gathered.whole().toString(), `abcdefgh${'i'.repeat(1000)}j`)
  assert.equal(gathered.length, 1009)
  assert.equal(first.toString(), 'ab')
})
