import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { operationTable } from '@postern/management'
import { routeTable } from '../packages/server/src/management/route-table.ts'
import { managementOperations } from './management-operations.ts'
import { typescriptShape } from './typescript-shape.ts'

function generate(...args: string[]): { status: number | null; output: string } {
  const script = fileURLToPath(new URL('./generate-management-client.ts', import.meta.url))
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--conditions=@postern/source', script, ...args], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  return { status, output: stdout + stderr }
}

test('the operations of the client are those of the route table', () => {
  assert.deepEqual(
    Object.entries(operationTable).map(([id, { method, path }]) => ({ id, method, path })),
    routeTable.map(({ id, method, path }) => ({ id, method, path })),
  )
  const { status, output } = generate('--check')
  assert.equal(status, 0, output)
})

test('the check fails when the file is missing or stale and writes nothing', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-operations-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'operations.ts')
  assert.equal(generate('--check', '--file', file).status, 1)
  assert.equal(generate('--file', file).status, 0)
  assert.equal(generate('--check', '--file', file).status, 0)
  appendFileSync(file, '// more\n')
  const text = readFileSync(file, 'utf8')
  const stale = generate('--check', '--file', file)
  assert.equal(stale.status, 1)
  assert.match(stale.output, /is stale: run npm run docs/)
  assert.equal(readFileSync(file, 'utf8'), text)
})

test('parameters, query and version of an operation are those of its route', () => {
  const text = managementOperations([
    {
      id: 'Things_Create',
      method: 'PUT',
      path: '/{+scope}/things/{thingName}',
      versions: 'authorization',
      access: { anyone: 'signedIn' },
      summary: 'Makes a thing.',
      query: { $expand: 'what to add' },
      statuses: [204],
    },
  ])
  const row = `  Things_Create: { method: 'PUT', path: '/{+scope}/things/{thingName}', version: '2022-04-01' },\n`
  assert.ok(text.includes(row), text)
  const types = `  /** Makes a thing. */
  readonly Things_Create: {
    readonly input: {
      readonly params: {
        readonly scope: string
        readonly thingName: string
      }
      readonly query?: {
        /** what to add */
        readonly $expand?: string
      }
    }
    readonly reply: undefined
  }
`
  assert.ok(text.includes(types), text)
})

test('schemas become types: optional, null, lists of choices, records, names that need quotes', () => {
  const type = typescriptShape({
    type: 'object',
    properties: {
      size: { anyOf: [{ type: 'integer' }, { type: 'null' }] },
      'odd-name': { type: 'array', items: { enum: ['a', 'b'], type: 'string' } },
      tags: { type: 'object', additionalProperties: { type: 'string' } },
      inner: { type: 'object', properties: { is: { const: true } }, required: ['is'] },
      both: { type: ['string', 'number'] },
      whole: { allOf: [{ $ref: '#/components/schemas/Thing' }, { type: 'object' }] },
      anything: { description: 'Whatever */ there is.' },
    },
    required: ['odd-name'],
  })
  assert.equal(
    type,
    `{
  readonly size?: number | null
  readonly 'odd-name': readonly ('a' | 'b')[]
  readonly tags?: Readonly<Record<string, string>>
  readonly inner?: {
    readonly is: true
  }
  readonly both?: string | number
  readonly whole?: Thing & Readonly<Record<string, unknown>>
  /** Whatever * / there is. */
  readonly anything?: unknown
}`,
  )
})
