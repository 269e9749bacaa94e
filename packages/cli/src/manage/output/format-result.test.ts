import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parse } from 'yaml'
import { formatResult } from './format-result.ts'
import { chooseFormat } from './output-format.ts'

const items = [
  { name: 'db', properties: { rights: ['Listen', 'Send'], n: 1 }, tags: { a: 'b' }, none: null },
  { name: 'longer name', properties: { n: 22 } },
]
const columns = { Name: 'name', Rights: "join(', ', properties.rights)", N: 'properties.n' }

describe('a result', () => {
  test('is a table of the columns of its command, or of what a query gives', async () => {
    assert.equal(
      await formatResult(items, { format: 'table', columns }),
      `Name         Rights        N
-----------  ------------  --
db           Listen, Send  1
longer name                22
`,
    )
    assert.equal(
      await formatResult(items, { format: 'table', columns, query: '[].{what: name, n: properties.n}' }),
      'What         N\n-----------  --\ndb           1\nlonger name  22\n',
    )
    assert.equal(await formatResult(['a', 'b'], { format: 'table' }), 'Result\n------\na\nb\n')
    assert.equal(
      await formatResult([['a', 1]], { format: 'table' }),
      'Column1  Column2\n-------  -------\na        1\n',
    )
    assert.equal(await formatResult([], { format: 'table', columns }), '')
    // One object that no terminal has the width for.
    const wide = { id: 'x'.repeat(60), secret: 'y'.repeat(60), none: null }
    assert.equal(await formatResult(wide, { format: 'table' }), `Id      ${wide.id}\nSecret  ${wide.secret}\n`)
    const table = { rows: 'items', columns, note: "join('', ['Used: ', to_string(length(items))])" }
    assert.match(await formatResult({ items }, { format: 'table', ...table }), /^Name .*\n(?:.*\n){3}Used: 2\n$/)
    assert.deepEqual(JSON.parse(await formatResult({ items }, { format: 'json', ...table })), { items })
  })

  test('is JSON, YAML, lines with tabs, or nothing', async () => {
    assert.deepEqual(JSON.parse(await formatResult(items, { format: 'json', columns })), items)
    assert.deepEqual(parse(await formatResult(items, { format: 'yaml', columns })), items)
    assert.equal(
      await formatResult(items, { format: 'tsv', query: '[].[name, properties.n]' }),
      'db\t1\nlonger name\t22\n',
    )
    assert.equal(await formatResult(items, { format: 'tsv', query: '[0].properties' }), 'Listen,Send\t1\n')
    assert.equal(await formatResult(items, { format: 'none' }), '')
    for (const format of ['json', 'yaml', 'tsv', 'table'] as const) {
      assert.equal(await formatResult(undefined, { format }), '')
      assert.equal(await formatResult(items, { format, query: 'nothing.here' }), '', format)
      assert.match(await formatResult(items, { format, query: '[0].name' }), /^(?:Result\n-+\n)?"?db"?\n$/)
    }
  })

  test('a query that is none says so', async () => {
    for (const query of ['[', 'foo(@)', 'length(`1`)']) {
      await assert.rejects(formatResult(items, { format: 'json', query }), { code: 'InvalidConfiguration' })
    }
  })

  test('no control of a text reaches the terminal, and JSON and YAML stay what they were', async () => {
    const evil = '\u001b[2J\u009b31m\u0007\u007f\u2028\u202egpj.exe\r\n\tx'
    const result = [{ name: evil, [evil]: 'key' }]
    for (const format of ['json', 'yaml', 'tsv', 'table'] as const) {
      const text = await formatResult(result, { format })
      // Line feeds end lines; tabs stand between the values of tsv.
      assert.doesNotMatch(text.replace(/[\n\t]/g, ''), /[\p{Cc}\p{Zl}\u202a-\u202e]/u, format)
      assert.equal(text.split('\n').length, { json: 7, yaml: 3, tsv: 2, table: 4 }[format], text)
    }
    assert.deepEqual(JSON.parse(await formatResult(result, { format: 'json' })), result)
    assert.deepEqual(parse(await formatResult(result, { format: 'yaml' })), result)
  })

  test('columns stand under each other whatever script a name is in, and long cells are cut', async () => {
    const wide = [
      { a: '日本', b: 1 },
      { a: 'é'.normalize('NFD'), b: 2 },
      { a: 'abcd', b: 3 },
    ]
    assert.equal(
      await formatResult(wide, { format: 'table' }),
      `A     B\n----  -\n日本  1\n${'é'.normalize('NFD')}     2\nabcd  3\n`,
    )
    assert.ok((await formatResult('x'.repeat(5000), { format: 'table' })).length < 1000)
  })
})

test('people get a table, programs JSON, and whoever asks what he asks for', () => {
  const env = {}
  assert.equal(chooseFormat(undefined, { isTerminal: true, env }), 'table')
  assert.equal(chooseFormat(undefined, { isTerminal: false, env }), 'json')
  assert.equal(chooseFormat(undefined, { isTerminal: true, env: { POSTERN_OUTPUT: 'yaml' } }), 'yaml')
  assert.equal(chooseFormat('TSV', { isTerminal: true, env: { POSTERN_OUTPUT: 'yaml' } }), 'tsv')
  assert.throws(() => chooseFormat('xml', { isTerminal: true, env }), { code: 'InvalidConfiguration' })
})
