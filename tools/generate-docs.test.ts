import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { errorTable } from '@postern/protocol'
import type { OpenApiDocument } from '../packages/server/src/management/openapi/openapi-document.ts'
import { routeTable } from '../packages/server/src/management/route-table.ts'
import { referencePages } from './reference-pages.ts'

function generate(...args: string[]): { status: number | null; output: string } {
  const script = fileURLToPath(new URL('./generate-docs.ts', import.meta.url))
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--conditions=@postern/source', script, ...args], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  return { status, output: stdout + stderr }
}

test('the pages in docs/reference are those that the tables give', async () => {
  const { status, output } = generate('--check')
  assert.equal(status, 0, output)
  assert.match(output, new RegExp(`${(await referencePages()).size} pages checked, 0 stale`))
})

test('the check fails when a page is missing or stale and writes nothing', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-docs-'))
  t.after(() => rmSync(folder, { recursive: true }))
  assert.equal(generate('--check', '--folder', folder).status, 1)
  assert.deepEqual(readdirSync(folder), [])

  assert.equal(generate('--folder', folder).status, 0)
  assert.deepEqual(readdirSync(folder).toSorted(), [...(await referencePages()).keys()].toSorted())
  assert.equal(generate('--check', '--folder', folder).status, 0)

  appendFileSync(join(folder, 'metrics.md'), 'more\n')
  const stale = generate('--check', '--folder', folder)
  assert.equal(stale.status, 1)
  assert.match(stale.output, /metrics\.md is stale/)
})

test('the page of errors has a row for each code', async () => {
  const page = (await referencePages()).get('errors.md') ?? ''
  const codes = [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, code]) => code)
  assert.deepEqual(codes, Object.keys(errorTable))
})

test('the page of routes and the OpenAPI document have every route of the table and nothing else', async () => {
  const ids = routeTable.map(({ id }) => id).toSorted()
  const rows = ((await referencePages()).get('management-routes.md') ?? '').matchAll(
    /^\| [A-Z]+ \| `[^`]+` \| `(\w+)` \|/gm,
  )
  assert.deepEqual([...rows].map(([, id = '']) => id).toSorted(), ids)

  const document: OpenApiDocument = JSON.parse((await referencePages()).get('openapi.json') ?? '')
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods))
  assert.deepEqual(operations.map(({ operationId }) => String(operationId)).toSorted(), ids)
})

test('the page of commands has each command that the page of managing commands lacks, as the program itself says it', async () => {
  const page = (await referencePages()).get('commands.md') ?? ''
  const titles = [...page.matchAll(/^## postern (.+)$/gm)].map(([, words = '']) => words)
  assert.equal(new Set(titles).size, titles.length)
  for (const words of ['up', 'bridge', 'send', 'publish', 'subscribe', 'ingress password', 'token create', 'hcm run']) {
    assert.ok(titles.includes(words), words)
    assert.ok(page.includes(`Usage: postern ${words} `), words)
  }
  assert.ok(!titles.includes('relay namespace create'))
})
