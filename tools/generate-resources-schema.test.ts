import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

function generate(...args: string[]): { status: number | null; output: string } {
  const script = fileURLToPath(new URL('./generate-resources-schema.ts', import.meta.url))
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--conditions=@postern/source', script, ...args], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  return { status, output: stdout + stderr }
}

test('the JSON schema in docs/reference is that of the program', () => {
  const { status, output } = generate('--check')
  assert.equal(status, 0, output)
  assert.match(output, /1 file checked, 0 stale/)
})

test('the check fails when the schema is missing or stale and writes nothing', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-schema-'))
  t.after(() => rmSync(folder, { recursive: true }))
  assert.equal(generate('--check', '--folder', folder).status, 1)
  assert.deepEqual(readdirSync(folder), [])
  assert.equal(generate('--folder', folder).status, 0)
  assert.equal(generate('--check', '--folder', folder).status, 0)
  appendFileSync(join(folder, 'resources.schema.json'), '\n')
  assert.match(generate('--check', '--folder', folder).output, /is stale/)
})

test('the schema knows every key of the file and permits no other', () => {
  const text = readFileSync(new URL('../docs/reference/resources.schema.json', import.meta.url), 'utf8')
  const schema = JSON.parse(text) as Node
  const namespace = schema.properties['namespaces']!.items!
  const entity = namespace.properties['hybridConnections']!.items!
  const rule = entity.properties['rules']!.items!
  const placement = ['subscription', 'resourceGroup', 'location', 'tags']
  assert.deepEqual(
    Object.keys(namespace.properties).toSorted(),
    [
      ...['name', 'hosts', 'default', ...placement],
      ...['publicNetworkAccess', 'networkRules', 'rules', 'hybridConnections', 'ingress'],
    ].toSorted(),
  )
  assert.deepEqual(Object.keys(rule.properties), ['name', 'rights', 'primaryKey', 'secondaryKey'])
  const network = namespace.properties['networkRules']!
  assert.deepEqual(Object.keys(network.properties), ['default', 'listen', 'send', 'manage', 'ipRules'])
  assert.deepEqual(
    [schema, namespace, entity, rule, network].map((node) => node.additionalProperties),
    [false, false, false, false, false],
  )
  assert.deepEqual([namespace.required, entity.required, rule.required], [['name'], ['name'], ['name', 'rights']])
})

interface Node {
  readonly properties: Readonly<Record<string, Node>>
  readonly items?: Node
  readonly required: readonly string[]
  readonly additionalProperties: boolean
}
