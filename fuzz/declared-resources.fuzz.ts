import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRelayError } from '@postern/protocol'
import fc from 'fast-check'
import { applyDeclaredResources } from '../packages/server/src/storage/apply-declared-resources.ts'
import type { ResourcesDeclaration } from '../packages/server/src/storage/declared-resources-schema.ts'
import { MemoryStore } from '../packages/server/src/storage/memory/memory-store.ts'
import { parseDeclaredResources } from '../packages/server/src/storage/parse-declared-resources.ts'
import { fuzzRun } from './fuzz-run.ts'

// Resources files that were damaged in every way: each is either applied, the second time without a change, or refused with
// places that lie within the text.

const seeds: readonly string[] = [
  `namespaces:
  - name: local
    hosts: [relay.example.test, "fd00::1"] # comment
    default: true
    rules: &rules [{ name: root, rights: [Listen, Send, Manage], primaryKey: "k" }]
    hybridConnections:
      - { name: db, endpoint: "db.corp:5432", requiresClientAuthorization: true, rules: *rules }
      - name: sub/web
        userMetadata: '[{"key":"endpoint","value":"db.corp:5432"}]'
        httpResponseTimeout: 1m30s
        maxListeners: 3
        actions: [connect, send]
  - name: other
`,
  '{"namespaces":[{"name":"a","default":false,"rules":[{"name":"r","rights":["Send"]}],"hybridConnections":[{"name":"x"}]}]}',
  '%YAML 1.2\n---\n? namespaces\n: - !!str name: >-\n      a\n    "hosts": []\n...\n',
]
const fragments = [
  '\n',
  '  ',
  '- ',
  ': ',
  '{',
  '}',
  '[',
  ']',
  ',',
  '"',
  "'",
  '&a ',
  '*a',
  '!!binary ',
  '<<: ',
  '|\n',
  '\t',
  '#',
  '%',
  '__proto__: ',
  'null',
  '~',
  '0x1F',
  '.nan',
  'name: ',
  'namespaces:',
  '\u0000',
  '\u2028',
  '\ud800',
  '😀',
  '---\n',
  '? ',
]

const edit = fc.record({
  at: fc.nat(600),
  remove: fc.nat(30),
  insert: fc.oneof(fc.constantFrom(...fragments), fc.string({ unit: 'grapheme', maxLength: 8 })),
})
const damaged = fc
  .tuple(fc.constantFrom(...seeds), fc.array(edit, { maxLength: 6 }))
  .map(([seed, edits]) =>
    edits.reduce((text, { at, remove, insert }) => text.slice(0, at) + insert + text.slice(at + remove), seed),
  )
const anything = fc.oneof(
  { arbitrary: damaged, weight: 8 },
  { arbitrary: fc.array(fc.constantFrom(...fragments)).map((parts) => parts.join('')), weight: 2 },
  { arbitrary: fc.json(), weight: 1 },
)

/** Seconds that each target takes; CI gives more. */
test('a damaged resources file is refused with its place, or applied', async () => {
  await fc.assert(
    fc.asyncProperty(anything, async (text) => {
      const declaration = parse(text)
      if (!declaration) return
      const store = new MemoryStore()
      await applyDeclaredResources(store, declaration)
      const again = await applyDeclaredResources(store, declaration)
      assert.deepEqual(again, { written: [], deleted: [], released: [] })
    }),
    fuzzRun(),
  )
})

function parse(text: string): ResourcesDeclaration | undefined {
  try {
    return parseDeclaredResources(text, 'r.yaml').declaration
  } catch (error) {
    assert.ok(isRelayError(error, 'InvalidConfiguration'), String(error))
    const lines = text.split('\n')
    for (const complaint of error.message.split('\n')) {
      if (/^\.\.\. and \d+ more$/.test(complaint)) continue
      const [, line, column] = /^r\.yaml:(\d+):(\d+): ./.exec(complaint) ?? assert.fail(complaint)
      assert.ok(Number(column) <= (lines[Number(line) - 1] ?? assert.fail(complaint)).length + 1, complaint)
    }
    return undefined
  }
}
