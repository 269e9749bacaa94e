// What the hand-written pages claim is compared with the tables and tests that they speak of.
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseConfiguration } from '@postern/bridge'
import { loadOptions, parseOptionFile } from '@postern/program'
import { type ErrorCode, errorTable } from '@postern/protocol'
import { optionTable, parseDeclaredResources, relayConfig } from '@postern/server'
import { createCli } from 'postern'
import { parseConnectorFile } from '../packages/connector/src/settings/connector-file.ts'
import { connectorOptionTable } from '../packages/connector/src/settings/option-table.ts'
import { metricTable } from '../packages/server/src/telemetry/metric-table.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const read = (page: string): string => readFileSync(join(root, page), 'utf8')
const guides = globSync(['README.md', 'docs/{guide,protocol}/*.md', 'packages/*/README.md'], { cwd: root })

interface Block {
  readonly page: string
  readonly text: string
}

/** The part of a JSON schema that is walked here. */
interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly items?: SchemaNode
}

/** The code blocks of one language, by page. */
function blocks(language: string, pages: readonly string[] = guides): readonly Block[] {
  const fence = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms')
  return pages.flatMap((page) => [...read(page).matchAll(fence)].map(([, text = '']) => ({ page, text })))
}

describe('the guides', () => {
  const yaml = blocks('yaml')
  assert.ok(yaml.length > 8, `only ${yaml.length} YAML examples were found`)

  for (const [at, { page, text }] of yaml.entries()) {
    test(`YAML example ${at + 1}, in ${page}, is read by the program that it is for`, () => {
      if (/^namespaces:/m.test(text)) parseDeclaredResources(text, page)
      else if (/^endpoints:/m.test(text)) loadOptions(connectorOptionTable, { file: parseConnectorFile(page, text) })
      else if (/^(?:Local|Remote)Forward:/m.test(text)) parseConfiguration(text, page)
      else relayConfig(loadOptions(optionTable, { file: parseOptionFile(page, text) }).values)
    })
  }

  test('every option on a command line exists', async () => {
    const lines = blocks('sh').flatMap(({ page, text }) =>
      [...text.replaceAll('\\\n', ' ').matchAll(/(?:^|["( /])postern ([a-z]+)((?: [a-z][a-z-]*)*)(.*)$/gm)].map(
        ([, name = '', words = '', rest = '']) => ({ page, name, words: words.split(' ').slice(1), rest }),
      ),
    )
    assert.ok(lines.length > 20, `only ${lines.length} command lines were found`)
    for (const { page, name, words, rest } of lines) {
      const cli = await createCli([name])
      const found = cli.commands.find((command) => command.name() === name)
      assert.ok(found, `${page}: postern ${name}`)
      const command = words.reduce((at, word) => at.commands.find((each) => each.name() === word) ?? at, found)
      const known = new Set(command.options.flatMap(({ long, short }) => [long, short]))
      // Behind -- stands a program with options of its own.
      const typed = [...rest.replace(/ -- .*| #.*|'[^']*'|"\$.*?"/g, '').matchAll(/(?<= )-{1,2}[A-Za-z][\w-]*/g)]
      for (const [flag] of typed) assert.ok(known.has(flag), `${page}: postern ${[name, ...words].join(' ')} ${flag}`)
    }
  })

  test('the keys of an ingress entry are those of the schema, and those of its sign-in are all told', () => {
    const page = read('docs/guide/ingress.md')
    const section = (title: string): string => page.slice(page.indexOf(`## ${title}`)).split(/\n## /, 1)[0] ?? ''
    const named = [...section('All keys').matchAll(/^\| `(\w+)` \|/gm)].map(([, key = '']) => key)
    const schema = JSON.parse(read('docs/reference/resources.schema.json')) as SchemaNode
    const entry = schema.properties?.['namespaces']?.items?.properties?.['ingress']?.items?.properties ?? {}
    assert.deepEqual(named.toSorted(), Object.keys(entry).toSorted())
    const signIn = section('Sign-in by OpenID Connect')
    const untold = Object.keys(entry['oidc']?.properties ?? { none: {} }).filter(
      (key) => !signIn.includes(`${key}:`) && !signIn.includes(`\`${key}`),
    )
    assert.deepEqual(untold, [])
  })

  test('every metric in a query exists', () => {
    const names = blocks('promql').flatMap(({ text }) => text.match(/\b(?:postern|process|nodejs)_\w+/g) ?? [])
    assert.ok(names.length > 8)
    assert.deepEqual(
      names.filter((name) => !Object.hasOwn(metricTable, name)),
      [],
    )
  })

  test('every log event in the table of events is written by the source', () => {
    const page = read('docs/guide/production.md')
    const table = page.slice(page.indexOf('| event |')).split('\n\n', 1)[0] ?? ''
    const rows = table.split('\n').map((row) => row.split('|')[1] ?? '')
    const events = rows.flatMap((cell) => [...cell.matchAll(/`([\w.-]+)`/g)].map(([, event = '']) => event))
    assert.ok(events.length > 15)
    const source = globSync('packages/{server,cli}/src/**/*.ts', { cwd: root, exclude: ['**/*.test.ts'] })
      .map(read)
      .join('\n')
    assert.deepEqual(
      events.filter((event) => !source.includes(`'${event}'`)),
      [],
    )
  })

  test('the table of error codes says what the error table says', () => {
    const page = read('docs/guide/troubleshooting.md')
    const rows = [...page.matchAll(/^\| (`[A-Z]\w+`(?:, `\w+`)*) \| (\d{3})(.*?) \|/gm)]
    assert.ok(rows.length > 20)
    for (const [, codes = '', status = '', text = ''] of rows) {
      for (const [, code = ''] of codes.matchAll(/`(\w+)`/g)) {
        assert.ok(Object.hasOwn(errorTable, code), code)
        const { httpStatus, message } = errorTable[code as ErrorCode]
        assert.equal(httpStatus, Number(status), code)
        if (!text.startsWith(',')) assert.ok(message.startsWith(text.trim()), `${code}: ${text.trim()}`)
      }
    }
  })

  test('the program that testing-your-code.md shows is the one that is tested', () => {
    const example = read('examples/relay-in-a-test.test.ts')
    assert.deepEqual(
      blocks('ts', ['docs/guide/testing-your-code.md']).map(({ text }) => text),
      [example],
    )
  })
})

test('every test that a page names exists', () => {
  const named = globSync('docs/**/*.md', { cwd: root }).flatMap((page) =>
    [...read(page).matchAll(/\]\(([^)]+\.test\.ts)\):\s+"([^"]+)"/g)].map(([, file = '', title = '']) => ({
      page,
      file,
      title,
    })),
  )
  assert.ok(named.length > 30, `only ${named.length} were found`)
  const gone = named.filter(({ page, file, title }) => !read(join(dirname(page), file)).includes(title))
  assert.deepEqual(gone, [])
})
