import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatJsonLine, formatTable } from './format-table.ts'

test('cells stand under their titles, and no line ends with spaces', () => {
  const text = formatTable(
    ['NAME', 'SIZE', 'NOTE'],
    [
      ['a', '1000000', ''],
      ['longer', '2', 'x'],
    ],
  )
  assert.equal(text, 'NAME    SIZE     NOTE\na       1000000\nlonger  2        x\n')
})

test('nothing that a terminal obeys is printed', () => {
  assert.equal(formatTable(['A'], [['\u001b[2J\u009b1m\r\n\u2028']]), 'A\n?[2J?1m???\n')
  const line = formatJsonLine({ a: '\u001b\u009b\u007f\u2028' })
  assert.equal(line, '{"a":"\\u001b\\u009b\\u007f\\u2028"}\n')
  assert.deepEqual(JSON.parse(line), { a: '\u001b\u009b\u007f\u2028' })
})
