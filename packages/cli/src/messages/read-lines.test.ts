import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { readLines } from './read-lines.ts'

async function linesOf(text: string, { chunkBytes = 1_000, maxLineBytes = 10 } = {}): Promise<string[]> {
  const bytes = Buffer.from(text)
  const chunks: Buffer[] = []
  for (let at = 0; at < bytes.length; at += chunkBytes) chunks.push(bytes.subarray(at, at + chunkBytes))
  const lines: string[] = []
  for await (const line of readLines(Readable.from(chunks), maxLineBytes)) lines.push(line.toString())
  return lines
}

for (const chunkBytes of [1, 2, 1_000]) {
  test(`lines are found in chunks of ${chunkBytes}, with either end and without a last one`, async () => {
    assert.deepEqual(await linesOf('a\nbc\r\n\nä\r\r\nlast', { chunkBytes }), ['a', 'bc', '', 'ä\r', 'last'])
    assert.deepEqual(await linesOf('a\n', { chunkBytes }), ['a'])
    assert.deepEqual(await linesOf('', { chunkBytes }), [])
    assert.deepEqual(await linesOf('1234567890\r\n1234567890\n', { chunkBytes }), ['1234567890', '1234567890'])
  })
}

test('a line that is too long is named, also one that never ends', async () => {
  await assert.rejects(linesOf('a\n12345678901\n'), {
    code: 'MessageTooLarge',
    message: 'Line 2 has more than 10 bytes',
  })
  await assert.rejects(linesOf('x'.repeat(100_000), { chunkBytes: 5 }), { message: 'Line 1 has more than 10 bytes' })
})
